from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from lesion.artifacts.csv_tables import read_csv
from lesion.artifacts.tables import PREDICTIONS, read_parquet
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.impact import plot, tabulate
from tests.views.synthetic import Study


def recall(files: list[Path]) -> tuple[Any, float]:
    """Mean recall of each class, and accuracy, by plain groupings of the predictions."""
    frame = pd.concat(read_parquet(path, PREDICTIONS).to_pandas() for path in files)
    right = frame["label"] == frame["prediction"]
    return right.groupby(frame["label"]).mean(), float(right.mean())


def test_numbers_are_those_of_the_predictions(study: Study) -> None:
    table = tabulate({variant: read_csv(path) for variant, path in study.statistic("impact").items()})
    dense, dense_top1 = recall(study.predictions["dense"])
    for variant in study.compressed:
        part = table[table["variant"] == variant]
        compressed, top1 = recall(study.predictions[variant])
        assert (np.diff(part["change"]) >= 0).all()
        assert part["rank"].tolist() == list(range(len(part)))
        for row in part.to_dict("records"):
            change = compressed[row["class"]] - dense[row["class"]]
            assert row["change"] == pytest.approx(change)
            assert row["top1_change"] == pytest.approx(top1 - dense_top1)
            assert row["normalised_change"] == pytest.approx(change - (top1 - dense_top1))


def made_up(classes: int) -> pd.DataFrame:
    change = np.random.default_rng(0).normal(size=classes) / 100
    significant = np.abs(change) > 0.01
    table = {"class": range(classes), "name": [f"class {c}" for c in range(classes)], "examples": 50}
    recalls = {"dense_recall": 0.9, "compressed_recall": 0.9 + change, "change": change, "normalised_change": change}
    recalls |= {"change_low": change - 0.01, "change_high": change + 0.01}
    tests = {
        "p": 0.5,
        "q": 0.5,
        "significant": significant,
        "significant_fdr": False,
        "direction": np.where(change > 0, "gain", "loss"),
    }
    return pd.DataFrame(table | recalls | tests)


@pytest.mark.parametrize(("classes", "named"), [(10, True), (1000, False)])
def test_names_only_what_can_be_read(classes: int, named: bool) -> None:
    with style.applied(Figure(width=8, height=5, font_size=8)):
        drawing = plot(tabulate({f"gmp-{level}": made_up(classes) for level in range(2)}))
        drawing.draw_without_rendering()
    panels = [axes for axes in drawing.axes if axes.get_title()]
    assert len(panels) == 2
    assert all(len(axes.get_xticklabels()) == (classes if named else 0) for axes in panels)


def test_colours_follow_significance() -> None:
    table = tabulate({"gmp-50": made_up(10)})
    with style.applied(Figure(width=8, height=5, font_size=8)):
        (axes,) = plot(table).axes
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    pink = [to_hex(bar.get_facecolor()).upper() == style.PINK for bar in bars]
    assert pink == table["significant"].tolist()
    assert [bar.get_height() for bar in bars] == pytest.approx(100 * table["change"])


def test_without_a_test_nothing_is_significant() -> None:
    unknown = made_up(10).assign(p=np.nan, q=np.nan, significant=np.nan, significant_fdr=np.nan, direction=np.nan)
    table = tabulate({"theirs": unknown, "gmp-50": made_up(10), "other-classes": made_up(0)})
    assert table["variant"].drop_duplicates().tolist() == ["theirs", "gmp-50"]
    with style.applied(Figure(width=8, height=5, font_size=8)):
        without, tested = plot(table).axes
    assert without.get_title().split("\n")[:2] == ["theirs", "no test"]
    assert " of 10 significant" in tested.get_title()
    bars = [patch for patch in without.patches if isinstance(patch, Rectangle)]
    assert {to_hex(bar.get_facecolor()) for bar in bars} == {style.PALE}


def test_no_classes_to_compare_are_said_to_be_so() -> None:
    for tables in ({}, {"gmp-50": made_up(0)}):
        with style.applied(Figure(width=8, height=5, font_size=8)):
            drawing = plot(tabulate(tables))
        assert not drawing.axes
        assert "No variant of this study has classes" in drawing.texts[-1].get_text()
