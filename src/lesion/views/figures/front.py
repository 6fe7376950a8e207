"""What compression costs and what it loses: accuracy and broken answers over parameters, arithmetic and time."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

from lesion.artifacts.csv_tables import read_csv
from lesion.params.comparison import Front
from lesion.params.figure import Figure
from lesion.views.figures import scales, style, variants
from lesion.views.figures.labels import place_labels
from lesion.views.figures.saving import save

INPUTS = ("front",)
SETTINGS = {"settings": "comparison.front"}
ONLY_WITH = "studies.{study}.latency"
OF_COMPARISON = True

TITLE = "What does it cost to lose how much?"
COSTS = {
    "parameters_left": "Weights that are not zero (log scale)",
    "multiply_adds": "Multiply-adds for one image (log scale)",
    "latency_ms": "Milliseconds for one image of a batch (log scale)",
}
MEASURES = {"top1": "Top-1 accuracy (%)", "broken": "Right answers of dense that break (%)"}
LOOKS: dict[str, dict[str, Any]] = {
    "off": {"color": style.GREY, "marker": ".", "alpha": 0.6, "markersize": 5},
    "undecided": {"color": style.BLUE, "marker": "o", "markerfacecolor": "none", "markersize": 5},
    "on": {"color": style.VERMILLION, "marker": "o", "markersize": 6},
}
NAMED = 9
"""Variants that are named in a panel, at most: those on the front, then the best that may be."""
MANY = 200
"""Ratio of the largest cost to the smallest from which there is no room for more than a label for each power of ten."""


def tabulate(front: pd.DataFrame, settings: Front) -> pd.DataFrame:
    """The rows of `front.csv` whose cost is drawn, with `on_line`: whether the variant is on the line of comparison."""
    table = front[front["cost"].isin(list(COSTS))].reset_index(drop=True)
    on_line = (table["method"] == settings.line) | (table["variant"] == variants.DENSE)
    return table.assign(on_line=on_line & (settings.line is not None))


def _loss_axis(axes: Axes, measure: str, values: pd.Series) -> None:
    """Set the scale of what is lost: differences near nothing lost are the larger ones."""
    low, high = 100 * float(values.min()), 100 * float(values.max())
    if measure == "top1":
        scales.share_axis(axes, low, high)
    else:
        scales.count_axis(axes, low, max(high, 1.0))
    axes.yaxis.set_major_formatter("{x:,g}")


def _cost_axis(axes: Axes, cost: str, values: pd.Series) -> None:
    """Set a scale of logarithms: 1, 2 and 5 of each power of ten, of many powers 1 alone."""
    many = values.max() > MANY * values.min()
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1,) if many else (1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:,g}" if cost == "latency_ms" else EngFormatter(sep=" "))
    axes.xaxis.set_minor_locator(NullLocator())


def _panel(axes: Axes, rows: pd.DataFrame, measure: str) -> None:
    line = rows[rows["on_line"]].sort_values("at")
    axes.plot(line["at"], 100 * line["value"], color=style.GREEN, linewidth=1.2, zorder=1)
    for state, look in LOOKS.items():
        of = rows[rows["front"] == state]
        axes.plot(of["at"], 100 * of["value"], linestyle="none", **look)
    axes.grid(which="major")
    axes.margins(x=0.1)
    best = rows[rows["front"] != "off"].assign(sure=rows["front"] == "on")
    best = best[best["sure"] | best["seems_on"]]
    best = best.sort_values(["sure", "value"], ascending=[False, measure != "top1"], kind="stable").head(NAMED)
    points = list(zip(best["at"], 100 * best["value"], strict=True))
    place_labels(axes, points, [variants.label(name) for name in best["variant"]], [style.INK] * len(best))


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One row for each measure, one column for each cost, one mark for each variant."""
    if table.empty or (table["variant"] == variants.DENSE).all():
        return style.notice(TITLE, style.NO_VARIANT)
    drawing = style.canvas(TITLE)
    grid = drawing.subplots(len(MEASURES), len(COSTS), squeeze=False, sharey="row", sharex="col")
    for row, (measure, label) in zip(grid, MEASURES.items(), strict=True):
        for axes, cost in zip(row, COSTS, strict=True):
            _loss_axis(axes, measure, table.loc[table["measure"] == measure, "value"])
            rows = table[(table["cost"] == cost) & (table["measure"] == measure)]
            _cost_axis(axes, cost, rows["at"])
            _panel(axes, rows, measure)
        row[0].set_ylabel(label)
    for axes, label in zip(grid[-1], COSTS.values(), strict=True):
        axes.set_xlabel(label)
    names = {"on": "on the Pareto front", "undecided": "may be on it", "off": "not on it"}
    keys = [Line2D([], [], linestyle="none", label=names[state], **LOOKS[state]) for state in names]
    compared = table.loc[table["on_line"] & (table["variant"] != variants.DENSE), "method"]
    if len(compared):
        keys.append(Line2D([], [], color=style.GREEN, linewidth=1.2, label=f"dense and {compared.iloc[0]}"))
    drawing.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return drawing


def draw(*, front: Path, settings: Front, svg: Path, pdf: Path, numbers: Path, figure: Figure) -> None:
    """The step: read the table of the front, write the figure and its numbers."""
    table = tabulate(read_csv(front), settings)
    save(table, plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
