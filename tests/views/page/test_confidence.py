import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesion.audit.statistics.calibration import ALL
from tests.audit.comparison.files.files import rows, written
from tests.audited import audit_pair


def page_of(folder: Path, tables: list[pd.DataFrame]) -> tuple[Path, str]:
    """The folder of the audit of two tables, and its page."""
    dense, compressed = (written(folder / f"{name}.csv", table) for name, table in zip("ab", tables, strict=True))
    audit_pair(dense=dense, compressed=compressed, out=folder / "out", splits=4, resamples=4, smallest=10)
    return folder / "out", (folder / "out" / "index.html").read_text(encoding="utf-8")


def tables(*, sure: bool = True, truth: bool = True) -> list[pd.DataFrame]:
    made = []
    for seed in range(2):
        table = rows(seed, members=2, examples=60)
        rng = np.random.default_rng(seed)
        table["confidence"] = rng.beta(5, 1, len(table))
        left_out = [*([] if sure else ["confidence"]), *([] if truth else ["true_probability"])]
        made.append(table.drop(columns=left_out))
    return made


def test_the_page_has_a_diagram_a_card_and_a_table(tmp_path: Path) -> None:
    out, text = page_of(tmp_path, tables())
    assert "reliability.svg" in {path.name for path in (out / "figures").iterdir()}
    assert 'aria-label="Accuracy by confidence: dense answers have a mean confidence of' in text
    assert "Mean confidence less accuracy goes from" in text
    found = pd.read_csv(out / "calibration.csv")
    whole = found[(found["attribute"] == ALL) & (found["measure"] == "brier")].iloc[0]
    [cells] = re.findall(r'<tr><th scope="row">all</th><td class=w>Brier score</td>(.*?)</tr>', text)
    assert f"<td>{whole['dense']:.4f}</td><td>{whole['compressed']:.4f}</td>" in cells
    ranked = re.findall(r'<tr><th scope="row">((?:class|age): \w+)</th><td class=w>Brier score</td>', text)
    groups = found[(found["attribute"] != ALL) & (found["measure"] == "brier")]
    expected = groups.sort_values(["small", "change"], ascending=[True, False])
    names = (expected["attribute"] + ": " + expected["group"].astype(str)).tolist()
    assert ranked == names


@pytest.mark.parametrize("truth", [True, False])
def test_without_confidences_there_is_no_diagram(tmp_path: Path, truth: bool) -> None:
    out, text = page_of(tmp_path, tables(sure=False, truth=truth))
    assert not (out / "figures" / "reliability.svg").exists()
    assert not (out / "reliability.csv").exists()
    assert (out / "calibration.csv").exists() == truth
    assert (">Probabilities</h3>" in text) == truth
    assert ">Confidence</h3>" not in text
    assert "Mean confidence less accuracy" not in text
