from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lesion
from lesion.audit.foresight.node import write_risk
from tests import places
from tests.audit.statistics.test_foresight import TEN
from tests.synthetic import write_examples, write_population


def test_a_study_is_told_as_its_arrays_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = replace(
        TEN,
        example_id=TEN.example_id.astype(np.int32),
        member=TEN.member.astype(np.int16),
        label=TEN.known_label.astype(np.int16),
        prediction=TEN.prediction.astype(np.int16),
        correct_top5=TEN.correct,
    )
    write_examples("made", made, ["a", "b", "c", "d"])
    write_population("made", "dense", "0-9", made)
    paths = {name: tmp_path / f"{name}.csv" for name in ("risk", "parts", "expected")}
    write_risk(
        study="made",
        examples=places.examples("made"),
        dense=[places.predictions("made", "dense", "0-9")],
        groups=[],
        **paths,
    )
    expected = lesion.foresee(TEN.prediction, TEN.label, confidence=np.asarray(TEN.confidence))
    risk, parts = (pd.read_csv(paths[name]) for name in ("risk", "parts"))
    assert risk["example_id"].tolist() == expected.examples["example_id"].tolist()
    assert risk["margin"].to_numpy() == pytest.approx(expected.examples["margin"].to_numpy())
    assert set(parts["attribute"]) == {"all", "class", "answers"}
    assert set(parts.loc[parts["attribute"] == "class", "group"]) == {"a", "b", "c", "d"}
    assert len(pd.read_csv(paths["expected"])) == len(expected.expected)
