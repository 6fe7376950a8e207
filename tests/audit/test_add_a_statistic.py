"""The statistic of docs/ADD_A_STATISTIC.md keeps the contract, and passes the test that stands there.

`tests/pipeline/test_add_a_statistic.py` runs it with both engines.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.audit import registry, statistics
from lesion.audit.estimator import Audit
from tests.added import BY_PATH, STATISTIC, TEST
from tests.audit.test_parity import made, written_for_anybody
from tests.audited import audit_pair

NAME = Path(STATISTIC).stem


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which the module lies, found as if it lay with the others."""
    (tmp_path / Path(STATISTIC).name).write_text(BY_PATH[STATISTIC].text, encoding="utf-8")
    monkeypatch.setattr(statistics, "__path__", [*statistics.__path__, str(tmp_path)])
    yield tmp_path
    sys.modules.pop(f"{statistics.__name__}.{NAME}", None)
    if hasattr(statistics, NAME):
        delattr(statistics, NAME)


def test_the_test_of_the_docs_passes(added: Path) -> None:
    found: dict[str, Any] = {}
    exec(BY_PATH[TEST].text, found)
    tests = [test for name, test in found.items() if name.startswith("test_")]
    assert tests
    for test in tests:
        test()


def test_half_of_briers_score_to_all_of_it(added: Path) -> None:
    """What the docstring says of more than two classes, by Brier's own formula."""
    rng = np.random.default_rng(0)
    probability, label = rng.dirichlet(np.full(5, 0.5), 200), rng.integers(0, 5, 200)
    whole = np.mean(((probability - np.eye(5)[label]) ** 2).sum(axis=1))
    score = registry.load(NAME).score(probability[np.arange(200), label])  # type: ignore[attr-defined]
    assert whole / 2 < score < whole


def test_without_probabilities_there_is_nothing_to_say(added: Path) -> None:
    dense, compressed = made((4, 4))[0]
    audited = Audit(splits=2, resamples=2).fit(dense.prediction, compressed.prediction)
    assert audited.tables_[NAME].empty
    assert audited.summary_["brier_score_change"].isna().all()
    assert registry.load(NAME).finding(audited.audited_) is None


def test_its_file_is_one_of_the_audit(added: Path) -> None:
    """A second audit into the same folder takes the table for its own."""
    sides, hand = made((4, 4))
    files, out = written_for_anybody(sides, hand, added, ".csv"), added / "out"
    for _ in range(2):
        audit_pair(**files, out=out, splits=2, resamples=2)
        assert len(pd.read_csv(out / f"{NAME}.csv")) == 1
