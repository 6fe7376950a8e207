"""The figure of costs, losses and the Pareto front."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.params.comparison import Front
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.front import COSTS, MEASURES, NAMED, draw, plot, tabulate

SIZE = Figure(width=13.0, height=8.0, font_size=9.0)
LINE = Front(line="small-dense")


def table(variants: int) -> pd.DataFrame:
    """Rows of `front.csv`, made up: dense, two of the line, and others of each state."""
    rng = np.random.default_rng(1)
    names = ["dense", "small-dense-50", "small-dense-25", *(f"gmp-{place}" for place in range(variants))]
    rows = []
    for cost in (*COSTS, "bytes_per_member"):
        for measure in MEASURES:
            for place, name in enumerate(names):
                rows.append({
                    "cost": cost, "measure": measure, "variant": name, "method": name.rpartition("-")[0] or name,
                    "at": 10.0 ** rng.uniform(1, 3), "value": rng.uniform(0.1, 0.9),
                    "front": ("on", "off", "undecided")[place % 3], "seems_on": place % 2 == 0,
                })  # fmt: skip
    return pd.DataFrame(rows)


def panels(found: pd.DataFrame, settings: Front = LINE) -> list[Axes]:
    with style.applied(SIZE):
        return plot(tabulate(found, settings)).axes


def marks(line: Line2D) -> set[tuple[float, float]]:
    """The points of a line."""
    across, up = (np.asarray(line.get_data()[side], dtype=float).round(9) for side in (0, 1))
    return set(zip(across.tolist(), up.tolist(), strict=True))


@pytest.mark.parametrize("powers", [0.3, 1.0, 2.6, 3.3, 5.0, 7.0])
def test_no_two_costs_at_an_axis_overlap(powers: float) -> None:
    found = table(7)
    scale = np.where(found["cost"] == "latency_ms", 1e-3, 100)
    with style.applied(SIZE):
        drawing = plot(tabulate(found.assign(at=scale * found["at"] ** (powers / 2)), LINE))
        drawing.draw_without_rendering()
        for axes in drawing.axes[-len(COSTS) :]:
            low, high = axes.get_xlim()
            labels = [tick.label1 for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
            boxes = [label.get_window_extent() for label in labels]
            assert not any(one.x1 > other.x0 for one, other in pairwise(boxes))


def test_each_panel_marks_every_variant_once_and_joins_the_line() -> None:
    found = table(7)
    places = [(measure, cost) for measure in MEASURES for cost in COSTS]
    for axes, (measure, cost) in zip(panels(found), places, strict=True):
        line, *states = axes.lines
        rows = found[(found["cost"] == cost) & (found["measure"] == measure)]
        expected = set(zip(rows["at"].round(9), (100 * rows["value"]).round(9), strict=True))
        assert set().union(*map(marks, states)) == expected
        assert sum(len(marks(state)) for state in states) == len(rows)
        joined = rows[rows["variant"].str.startswith(("dense", "small-dense"))].sort_values("at")
        assert np.asarray(line.get_xdata(), dtype=float).tolist() == joined["at"].tolist()


def test_what_is_off_the_front_has_no_name_and_few_have_one() -> None:
    found = table(60)
    off = set(found.loc[found["front"] == "off", "variant"])
    for axes in panels(found):
        names = [text.get_text() for text in axes.texts]
        assert len(names) <= NAMED
        assert not off & set(names)


def test_without_a_line_nothing_is_joined() -> None:
    assert not any(marks(axes.lines[0]) for axes in panels(table(3), Front(line=None)))


@pytest.mark.parametrize("variants", [0, 5])
def test_the_figure_and_its_numbers_are_written(variants: int, tmp_path: Path) -> None:
    found = table(variants)
    chosen = found if variants else found[found["variant"] == "dense"]
    write_csv(tmp_path / "front.csv", chosen)
    outputs = {
        name: tmp_path / f"made.{suffix}" for name, suffix in (("svg", "svg"), ("pdf", "pdf"), ("numbers", "csv"))
    }
    draw(front=tmp_path / "front.csv", settings=LINE, figure=SIZE, **outputs)
    assert set(read_csv(outputs["numbers"])["cost"]) == set(COSTS)
