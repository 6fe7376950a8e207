"""A module in the folder is a statistic: in the node, the summary, `Audit`, and `lesion audit` with its page."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesion.audit import registry, statistics
from lesion.audit.estimator import Audit
from lesion.views.page.audit import audit
from tests.audit.test_parity import SEED, SHARD, STUDY, VARIANT, made, written_for_anybody, written_for_nodes
from tests.compared import run, run_summary, table_path

BRIER = '''"""Compare the Brier score of the true class."""

import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Audited, Finding, Row, empty
from lesion.audit.wording import points

SUFFIX = "csv"
SETTINGS: dict[str, str] = {}
ORDER = 9
SCHEMA = pa.schema({"dense": pa.float64(), "compressed": pa.float64(), "change": pa.float64()})


def table(comparison: Comparison) -> pd.DataFrame:
    before, after = comparison.dense.true_probability, comparison.compressed.true_probability
    if before is None or after is None:
        return empty(SCHEMA)
    dense, compressed = (float(((1 - said.astype("float64")) ** 2).mean()) for said in (before, after))
    return pd.DataFrame([(dense, compressed, compressed - dense)], columns=SCHEMA.names)


def columns(table: pd.DataFrame, *, alpha: float) -> Row:
    return {"brier_change": None if table.empty else float(table["change"].iloc[0])}


def finding(audited: Audited) -> Finding | None:
    table = audited.tables["brier"]
    if table.empty:
        return None
    return Finding("Calibration", points(table["change"].iloc[0]), "points of Brier score", "Lower is better.")
'''


@pytest.fixture
def brier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with one module more, in which the current folder lies."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "brier.py").write_text(BRIER, encoding="utf-8")
    monkeypatch.setattr(statistics, "__path__", [*statistics.__path__, str(tmp_path / "more")])
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop(f"{statistics.__name__}.brier", None)


def test_it_appears_everywhere(brier: Path) -> None:
    sides, hand = made((4, 4))
    expected = [((1 - np.asarray(side.true_probability, dtype=float)) ** 2).mean() for side in sides]
    assert "brier" in registry.names()
    written_for_nodes(sides, hand, 4)
    by_node = pd.read_csv(run("brier", STUDY, VARIANT, [SHARD], root_seed=SEED))
    assert by_node.iloc[0].tolist() == pytest.approx([*expected, expected[1] - expected[0]])
    assert table_path(STUDY, "brier", VARIANT).exists()
    run("pie", STUDY, VARIANT, [SHARD])
    summary = pd.read_csv(run_summary(STUDY, [VARIANT], [SHARD], alpha=0.05, statistics=["brier", "pie"]))
    assert summary["brier_change"].tolist()[1] == by_node["change"][0]
    out = brier / "out"
    audit(**written_for_anybody(sides, hand, brier, ".csv"), out=out, splits=2, resamples=2)
    pd.testing.assert_frame_equal(pd.read_csv(out / "brier.csv"), by_node)
    assert pd.read_csv(out / "summary.csv")["brier_change"].tolist()[1] == by_node["change"][0]
    page = (out / "index.html").read_text(encoding="utf-8")
    for shown in ("Calibration", "points of Brier score", "Compare the Brier score of the true class.", "brier.csv"):
        assert shown in page
    unknown = Audit(splits=2, resamples=2).fit(sides[0].prediction, sides[1].prediction)
    assert unknown.brier_.empty  # type: ignore[attr-defined]
    audit(**written_for_anybody(sides, hand, brier, ".csv"), out=out, splits=2, resamples=2)  # its own files are known
