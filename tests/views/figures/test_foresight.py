from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.audit.statistics import foresight
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.foresight import TARGETS, draw, plot, tabulate
from tests.audit.statistics.test_foresight import INT8, ONE, PRUNED, TEN
from tests.compared import compared

SIZE = Figure(width=11, height=6.5, font_size=9)
TABLE = foresight.table(compared(TEN, PRUNED, classes=4), ties="member")


def drawn(table: pd.DataFrame) -> mpl.Figure:
    with style.applied(SIZE):
        drawing = plot(table)
        drawing.draw_without_rendering()
    return drawing


def lines(axes: Axes, colour: str, *, filled: bool) -> list[list[float]]:
    """Heights of the marks of a target."""
    return [
        np.asarray(line.get_ydata(), dtype=float).tolist()
        for line in axes.lines
        if to_hex(line.get_color()).upper() == colour.upper()
        and line.get_marker() in ("o", "s")
        and (to_hex(line.get_markerfacecolor()) != "#ffffff") == filled
    ]


def test_marks_stand_at_the_areas_and_dashes_at_the_ceiling() -> None:
    [axes] = [axes for axes in drawn(tabulate({"gmp-50": TABLE})).axes if axes.lines]
    for (target, among), look in TARGETS.items():
        rows = TABLE[(TABLE["target"] == target) & (TABLE["among"] == among) & (TABLE["score"] == "margin")]
        assert lines(axes, look["color"], filled=True) == [pytest.approx(rows["auroc"].tolist())]
        assert lines(axes, look["color"], filled=False) == [pytest.approx(rows["matched"].tolist())]
        dashes = [line.get_ydata()[0] for line in axes.lines if not line.get_xdata()[0] and line.get_xdata()[1] == 1]  # type: ignore[index]
        assert any(height == pytest.approx(rows["ceiling"].iloc[0]) for height in dashes)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "4", "10"]


def test_variants_have_a_panel_each_and_titles_count() -> None:
    single = foresight.table(compared(ONE, INT8, classes=4), ties="member")
    nothing = foresight.table(compared(ONE, ONE, classes=4), ties="member")
    panels = drawn(tabulate({"gmp-50": TABLE, "int8": single, "float16": nothing})).axes
    titles = [axes.get_title() for axes in panels if axes.get_title()]
    changed = single["events"].iloc[0]
    assert [title.partition(":")[0] for title in titles] == ["gmp-50", "int8", "float16"]
    assert f"{changed} change" in titles[1]
    assert "nothing changes" in {text.get_text() for axes in panels for text in axes.texts}


def test_no_table_is_said_to_be_none() -> None:
    drawing = drawn(tabulate({"gmp-0": TABLE.iloc[:0]}))
    assert any("No variant of this study" in text.get_text() for text in drawing.texts)


def test_draws_what_it_reads(tmp_path: Path) -> None:
    write_csv(tmp_path / "gmp-50.csv", TABLE)
    names = {name: tmp_path / f"out.{name}" for name in ("svg", "pdf")}
    draw(foresight={"gmp-50": tmp_path / "gmp-50.csv"}, numbers=tmp_path / "out.csv", figure=SIZE, **names)
    assert len(read_csv(tmp_path / "out.csv")) == len(TABLE)
    assert ElementTree.parse(tmp_path / "out.svg").getroot() is not None
