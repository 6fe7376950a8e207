"""Accuracy, significant classes and what every method forgets at each sparsity, a column a family of methods."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from lesion.artifacts.csv_tables import read_csv
from lesion.params.comparison import Family
from lesion.params.figure import Figure
from lesion.views.figures import lettering, scales, style, variants
from lesion.views.figures.saving import save

INPUTS = ("comparison",)
SETTINGS = {"families": "comparison.families"}
OF_COMPARISON = True

ABREAST = 6
"""Families beside each other; more of them go into rows below."""
LONGEST = 30  # characters of the name of a family
SHORT = 14  # characters of names of methods that fit beside each other
FORGOTTEN = "excess_forgotten"
MEASURES = {
    "top1": "Top-1 accuracy (%)",
    "significant_classes": "Significant classes",
    FORGOTTEN: "Images forgotten\nbeyond seed noise",
}
COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.PINK, style.ORANGE, style.SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")
REFERENCE: dict[str, Any] = {"color": style.GREY, "marker": "."}
NOISE: dict[str, Any] = {"color": style.GREY, "linewidth": 0.9, "linestyle": (0, (4, 2))}


def tabulate(comparison: pd.DataFrame, families: Sequence[Family]) -> pd.DataFrame:
    """The rows of `comparison.csv` that have a sparsity, with their family (none for dense).

    They are sorted by family and method, in the order of `families`, and then by sparsity.
    """
    listed = [(family.name, method) for family in families for method in family.methods]
    family = {method: family for family, method in listed}
    order = {"dense": -1} | {method: place for place, (_, method) in enumerate(listed)}
    known = comparison[comparison["sparsity"].notna()]
    table = known.assign(place=known["method"].map(order)).sort_values(["place", "sparsity"], kind="stable")
    table.insert(2, "family", table["method"].map(family))
    return table.drop(columns="place").reset_index(drop=True)


def _scale(measure: str) -> float:
    return 100.0 if measure == "top1" else 1.0


def _reference(axes: Axes, measure: str, dense: Mapping[str, Any]) -> None:
    """Draw dense accuracy with its interval; for what is forgotten, none, as by another seed."""
    if measure == "top1" and not pd.isna(dense["top1"]):
        axes.axhspan(100 * dense["top1_low"], 100 * dense["top1_high"], color=style.PALE, alpha=0.5, linewidth=0)
        axes.axhline(100 * dense["top1"], **NOISE)
    elif measure == FORGOTTEN:
        axes.axhline(0, **NOISE)


def _look(index: int) -> dict[str, Any]:
    """Colour, marker and dashes of the method at `index` of its family; six colours are used in turn."""
    turn, place = divmod(index, len(COLOURS))
    return {"color": COLOURS[place], "marker": MARKERS[place], "linestyle": ("-", ":")[turn % 2]}


def _line(axes: Axes, measure: str, rows: pd.DataFrame, look: Mapping[str, Any]) -> None:
    scale, x = _scale(measure), variants.percent_sparse(rows["sparsity"])
    low, high = scale * rows[f"{measure}_low"], scale * rows[f"{measure}_high"]
    axes.fill_between(x, low, high, color=look["color"], alpha=0.13, linewidth=0)
    axes.plot(x, scale * rows[measure], markersize=4, linewidth=1.2, clip_on=False, **look)


def _axis(axes: Axes, measure: str, table: pd.DataFrame) -> None:
    """Set scale, limits and ticks of the vertical axis."""
    shown = _scale(measure) * table[[measure, f"{measure}_low", f"{measure}_high"]].to_numpy(dtype=float)
    low, high = float(np.nanmin(shown)), max(1.0, float(np.nanmax(shown)))
    if measure == "top1":
        scales.share_axis(axes, low, high)
    elif measure == FORGOTTEN:
        scales.count_axis(axes, low, high)
    else:
        axes.set_ylim(0, 1.1 * high)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y")


def _sparsity_axis(axes: Axes, sparsity: pd.Series) -> None:
    axes.set_xscale("function", functions=scales.SHARE)
    shown = variants.percent_sparse(sparsity)
    axes.set_xlim(scales.share_limits(shown.min(), shown.max(), below=0.25, above=0.25))
    axes.set_xticks(scales.ticks(axes.get_xlim(), scales.share_to_scale, scales.SHARE_TICKS))
    axes.xaxis.set_major_formatter("{x:g}")


def _families(table: pd.DataFrame, reference: str) -> dict[str, list[str]]:
    """Family → its methods without the reference. A family of the reference alone is left out if there are others."""
    families = {
        str(family): [name for name in dict.fromkeys(rows["method"]) if name != reference]
        for family, rows in table.groupby("family", sort=False)
    }
    return {family: methods for family, methods in families.items() if methods} or families


def _column(
    column: Sequence[Axes],
    family: str,
    lines: Mapping[str, pd.DataFrame],
    looks: Mapping[str, Mapping[str, Any]],
    table: pd.DataFrame,
) -> None:
    """Draw the panels of a family, one for each measure, and the names of its methods under them.

    lines : method -> its variants by sparsity, the reference first
    """
    dense, compressed = table[table["variant"] == "dense"].iloc[0].to_dict(), table[table["variant"] != "dense"]
    for axes, measure in zip(column, MEASURES, strict=False):
        _reference(axes, measure, dense)
        for name, rows in lines.items():
            _line(axes, measure, rows, looks[name])
        _axis(axes, measure, table)
        _sparsity_axis(axes, compressed["sparsity"])
    column[0].set_title(lettering.shortened(family.replace("-", " "), LONGEST), fontweight="bold")
    column[-2].set_xlabel("Sparsity (%)")
    column[-2].tick_params(labelbottom=True)
    column[-1].set_axis_off()
    _, *names = lines
    named = [Line2D([], [], label=variants.label(name), markersize=4, linewidth=1.2, **looks[name]) for name in names]
    column[-1].legend(handles=named, loc="upper center", ncols=1 if max(map(len, names), default=0) > SHORT else 2)


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One row for each measure, one column for each family, one line for each method; the first is grey everywhere."""
    title = "What do the methods forget, trained by one recipe?"
    compressed = table[table["variant"] != "dense"]
    if compressed.empty:
        return style.notice(title, style.NO_VARIANT)
    drawing = style.canvas(title)
    reference = str(compressed["method"].iloc[0])
    families = _families(compressed, reference)
    lines = {name: rows.sort_values("sparsity") for name, rows in compressed.groupby("method")}
    bands = ceil(len(families) / ABREAST)
    columns = ceil(len(families) / bands)
    grid = drawing.subplots(
        bands * (len(MEASURES) + 1), columns, squeeze=False, sharey="row", sharex="col",
        height_ratios=[*[1] * len(MEASURES), 0.02] * bands,
    )  # fmt: skip
    places = [[*band[:, column]] for band in np.split(grid, bands) for column in range(columns)]
    for column, (family, methods) in zip(places, families.items(), strict=False):
        looks = {reference: REFERENCE} | {name: _look(index) for index, name in enumerate(methods)}
        _column(column, family, {name: lines[name] for name in looks}, looks, table)
    for axes in (axes for column in places[len(families) :] for axes in column):
        axes.remove()
    for band in np.split(grid, bands):
        for axes, label in zip(band[:, 0], MEASURES.values(), strict=False):
            axes.set_ylabel(label)
    keys: list[Artist] = [
        Line2D([], [], label=f"{variants.label(reference)}, for reference", **REFERENCE),
        Line2D([], [], label="dense accuracy; nothing beyond seed noise", **NOISE),
        Patch(color=style.PALE, alpha=0.5, label="95 % interval of dense"),
        Patch(color=style.GREY, alpha=0.13, label="95 % interval or band of a method"),
    ]
    drawing.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return drawing


def draw(*, comparison: Path, families: list[Family], svg: Path, pdf: Path, numbers: Path, figure: Figure) -> None:
    """The step: read the table of the comparison, write the figure and its numbers."""
    table = tabulate(read_csv(comparison), families)
    save(table, plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
