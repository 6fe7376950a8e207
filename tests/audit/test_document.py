"""The JSON document holds what the tables hold, and nothing that is no JSON."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.audit.candidates.estimator import Candidates
from lesion.audit.document import FORMAT, VERSION, document
from lesion.audit.estimator import Audit


def refused(text: str) -> Any:
    raise AssertionError(text)


@pytest.mark.parametrize("members", [1, 5])
def test_the_document_holds_the_tables(members: int) -> None:
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1, 2], 30)
    said = {name: np.where(rng.random((members, 90)) < skill, label, 0) for name, skill in (("a", 0.9), ("b", 0.6))}
    dense = np.where(rng.random((members, 90)) < 0.9, label, 1)
    candidates = Candidates(splits=2, resamples=2).fit(dense, said, label)
    found = json.loads(document(candidates.audited_, [{"candidate": "a"}]), parse_constant=refused)
    assert (found["format"], found["version"], found["examples"], found["dense_models"]) == (
        FORMAT, VERSION, 90, members
    )  # fmt: skip
    assert found["verdicts"] == [{"candidate": "a"}]
    assert [one["name"] for one in found["candidates"]] == ["a", "b"]
    audit = Audit(splits=2, resamples=2).fit(dense, said["b"], label)
    told = found["candidates"][1]
    assert told["models"] == members
    assert set(told["tables"]) == set(audit.tables_)
    for name, table in audit.tables_.items():
        expected = table[table["pie"]] if name == "pie" else table
        assert len(told["tables"][name]) == len(expected)
        for row, (_, original) in zip(told["tables"][name], expected.iterrows(), strict=True):
            for column, value in row.items():
                if value is None:
                    assert pd.isna(original[column]) or np.isinf(original[column])
                else:
                    assert value == original[column]
    assert told["summary"]["compressed"]["top1"] == audit.summary_["top1"].iloc[1]
