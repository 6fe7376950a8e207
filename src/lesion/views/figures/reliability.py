"""Reliability diagrams: how often answers of each confidence are right, before and after compression.

As in Guo et al. 2017, arXiv 1706.04599, figure 1 (bottom).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lesion.artifacts.csv_tables import read_csv
from lesion.audit.comparison.comparison import SIDES
from lesion.params.figure import Figure
from lesion.views.figures import style, variants
from lesion.views.figures.saving import save, stacked

INPUTS = ("reliability",)

TITLE = "Are the models as often right as they are sure?"
LOOKS: dict[str, dict[str, Any]] = {
    "dense": {"color": style.GREY, "marker": "o", "linestyle": (0, (4, 2))},
    "compressed": {"color": style.VERMILLION, "marker": "s", "linestyle": "-"},
}
PERFECT: dict[str, Any] = {"color": style.INK, "linewidth": 0.7, "linestyle": (0, (1, 2))}
LARGEST = 60.0  # area, in square points, of the marker of a bin that holds every answer
SMALLEST = 6.0


def tabulate(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The tables of all variants one below the other, with the variant as their first column."""
    columns = ["variant", *dict.fromkeys(name for table in tables.values() for name in table)]
    return stacked([table.assign(variant=name)[columns] for name, table in tables.items()], columns)


def diagram(axes: Axes, part: pd.DataFrame) -> None:
    """Draw the bins of one comparison: a dot a bin, whose area grows with its answers, and its interval."""
    axes.plot([0, 100], [0, 100], **PERFECT)
    for side in SIDES:
        rows, look = part[part["side"] == side], LOOKS[side]
        x, y, low, high = (
            100 * rows[name].to_numpy() for name in ("confidence", "accuracy", "accuracy_low", "accuracy_high")
        )
        share = (rows["answers"] / rows["answers"].sum()).to_numpy()
        axes.vlines(x, low, high, color=look["color"], linewidth=1)
        axes.plot(x, y, color=look["color"], linestyle=look["linestyle"], linewidth=1)
        axes.scatter(x, y, s=np.maximum(LARGEST * share, SMALLEST), c=look["color"], marker=look["marker"], zorder=3)
    axes.set_xlim(-2, 102)
    axes.set_ylim(-2, 102)
    axes.set_xticks(range(0, 101, 25))
    axes.set_yticks(range(0, 101, 25))
    axes.grid()


def keys() -> list[Line2D]:
    """The entries of the legend."""
    sides = [Line2D([], [], label=side, markersize=5, linewidth=1, **look) for side, look in LOOKS.items()]
    return [*sides, Line2D([], [], label="as often right as sure", **PERFECT)]


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One panel for each variant; a dot is a bin of confidences."""
    shown = list(dict.fromkeys(table["variant"]))
    if not shown:
        return style.notice(TITLE, "No variant of this study has confidences that can be compared.")
    drawing = style.canvas(TITLE)
    grid, _ = style.panels(drawing, len(shown), sharey=True)
    for axes, variant in zip(grid, shown, strict=True):
        diagram(axes, table[table["variant"] == variant])
        axes.set_title(variants.label(variant))
    drawing.supylabel("Accuracy (%)", fontsize="medium")
    label = "Mean confidence (%)"  # as a supxlabel it would lie below the legend
    drawing.legend(handles=keys(), loc="outside lower center", ncols=3, title=label, title_fontsize="medium")
    return drawing


def draw(*, reliability: dict[str, Path], svg: Path, pdf: Path, numbers: Path, figure: Figure) -> None:
    """The step: read the bins of each compressed variant, write the figure and its numbers."""
    table = tabulate({variant: read_csv(path) for variant, path in reliability.items()})
    save(table, plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
