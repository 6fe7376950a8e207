from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib import figure as mpl
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex

from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.audit.statistics import reliability
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.reliability import LOOKS, draw, plot, tabulate
from tests.compared import compared
from tests.synthetic import labels, population

SIZE = Figure(width=11, height=6.5, font_size=9)


def tables(variants: int = 3) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(5)
    label = labels(rng, 120, 3)
    dense = population(rng, label, members=2, classes=3, confidence=True)
    others = (population(rng, label, members=2, classes=3, confidence=True) for _ in range(variants))
    return {f"gmp-{k}": reliability.table(compared(dense, one, classes=3)) for k, one in enumerate(others)}


def drawn(table: pd.DataFrame) -> mpl.Figure:
    with style.applied(SIZE):
        drawing = plot(table)
        drawing.draw_without_rendering()
    return drawing


def test_numbers_are_the_tables_one_below_the_other() -> None:
    made = tables()
    found = tabulate(made)
    for variant, table in made.items():
        part = found[found["variant"] == variant].drop(columns="variant").reset_index(drop=True)
        pd.testing.assert_frame_equal(part, table)


def test_a_marker_is_a_bin_and_its_area_grows_with_the_answers() -> None:
    made = tables()
    panels = [axes for axes in drawn(tabulate(made)).axes if axes.collections]
    assert len(panels) == len(made)
    for axes, table in zip(panels, made.values(), strict=True):
        markers = {
            to_hex(np.asarray(marks.get_facecolor())[0]).upper(): marks
            for marks in axes.collections
            if isinstance(marks, PathCollection)
        }
        for side, look in LOOKS.items():
            rows, marks = table[table["side"] == side], markers[look["color"].upper()]
            found = np.asarray(marks.get_offsets())
            assert found[:, 0] == pytest.approx(100 * rows["confidence"].to_numpy())
            assert found[:, 1] == pytest.approx(100 * rows["accuracy"].to_numpy())
            area = np.asarray(marks.get_sizes())
            assert (np.diff(area[np.argsort(rows["answers"].to_numpy(), kind="stable")]) >= 0).all()


def test_no_confidences_are_said_to_be_none() -> None:
    drawing = drawn(tabulate({"gmp-0": tables(1)["gmp-0"].iloc[:0]}))
    assert any("No variant of this study has confidences" in text.get_text() for text in drawing.texts)


def test_draws_what_it_reads(tmp_path: Path) -> None:
    made = tables(2)
    for name, table in made.items():
        write_csv(tmp_path / f"{name}.csv", table)
    written = {"svg": tmp_path / "r.svg", "pdf": tmp_path / "r.pdf", "numbers": tmp_path / "r.csv"}
    draw(reliability={name: tmp_path / f"{name}.csv" for name in made}, **written, figure=SIZE)
    ElementTree.parse(written["svg"])
    pd.testing.assert_frame_equal(read_csv(written["numbers"]), tabulate(made))
