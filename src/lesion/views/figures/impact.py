"""Change of each class's recall, absolute and relative to the change of top-1, one panel for each variant."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lesion.artifacts.csv_tables import read_csv
from lesion.params.figure import Figure
from lesion.views.figures import lettering, style, variants
from lesion.views.figures.saving import save, stacked

INPUTS = ("impact",)

NAMED_CLASSES = 25  # with more classes than this their names cannot be read
LONGEST = 14  # characters of the name of a class
COLUMNS = [
    *("variant", "rank", "class", "name", "examples", "dense_recall", "compressed_recall"),
    *("change", "change_low", "change_high", "top1_change", "normalised_change"),
    *("p", "q", "significant", "significant_fdr", "direction"),
]


def tabulate(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The bars from left to right: for each variant its classes, sorted by the change of recall.

    Columns: variant, rank, class, name, examples, dense_recall, compressed_recall, change with its 95 % interval
    (change_low, change_high), top1_change (what the average loses), normalised_change (change − top1_change), p, q,
    significant, significant_fdr, direction; fractions. A variant whose classes cannot be compared has no row.
    """
    parts = []
    for variant, table in tables.items():
        part = table.sort_values(["change", "class"], kind="stable").reset_index(drop=True)
        part.insert(0, "variant", variant)
        part.insert(1, "rank", part.index)
        part["top1_change"] = part["change"] - part["normalised_change"]
        parts.append(part[COLUMNS])
    return stacked(parts, COLUMNS)


def _title(variant: str, part: pd.DataFrame, significant: npt.NDArray[np.bool_]) -> str:
    if part["p"].isna().all():
        return f"{variants.label(variant)}\nno test\n"
    lost = int((significant & (part["direction"] == "loss").to_numpy()).sum())
    by_fdr = int(part["significant_fdr"].eq(True).sum())
    found = f"{significant.sum():,} of {len(part):,} significant, {by_fdr:,} at FDR:"
    return f"{variants.label(variant)}\n{found}\n{lost:,} lose, {significant.sum() - lost:,} gain"


def _panel(axes: Axes, variant: str, part: pd.DataFrame) -> None:
    significant = part["significant"].eq(True).to_numpy(dtype=bool)  # empty where there is no test
    rank = part["rank"].to_numpy()
    few = len(part) <= NAMED_CLASSES
    axes.axhline(0, color=style.GREY, linewidth=0.6)
    axes.axhline(100 * part["top1_change"].mean(), color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.bar(
        rank,
        100 * part["change"],
        width=0.75 if few else 1.0,
        color=np.where(significant, style.PINK, style.PALE).tolist(),
    )
    if few:
        low, high = 100 * part["change_low"], 100 * part["change_high"]
        axes.vlines(rank, low, high, color=style.INK, linewidth=0.7, zorder=2)
    for chosen, colour in ((~significant, style.GREY), (significant, style.GREEN)):
        axes.scatter(
            rank[chosen],
            100 * part["normalised_change"].to_numpy()[chosen],
            s=22 if few else 3,
            marker="D",
            color=colour,
            edgecolors="white",
            linewidths=0.5 if few else 0,
            zorder=3,
        )
    axes.set_title(_title(variant, part, significant))
    axes.margins(x=0.02)
    if few:
        names = [lettering.shortened(str(name), LONGEST) for name in part["name"]]
        axes.set_xticks(rank, names, rotation=90 if max(map(len, names)) > 2 else 0)
        axes.tick_params(axis="x", length=0)
    else:
        axes.set_xticks([])
    axes.set_xlabel("class, sorted by change")
    axes.grid(axis="y")


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One panel for each variant; the scales differ, so that small changes can be seen too."""
    title = "Which classes does compression change more than the average?"
    shown = list(dict.fromkeys(table["variant"]))
    if not shown:
        return style.notice(title, "No variant of this study has classes that can be compared.")
    drawing = style.canvas(title)
    grid, spare = style.panels(drawing, len(shown), sharey=False)
    for axes, variant in zip(grid, shown, strict=True):
        _panel(axes, variant, table[table["variant"] == variant])
    drawing.supylabel("Change from dense (percentage points; the scales differ)", fontsize="medium")
    diamond: dict[str, Any] = {"marker": "D", "linestyle": "none", "markeredgecolor": "white", "markersize": 5}
    keys = [
        Patch(color=style.PALE, label="change of recall"),
        Patch(color=style.PINK, label="change of recall, significant"),
        Line2D(
            [], [], color=style.INK, linewidth=0.7, marker="|", linestyle="none", label="95 % interval of the change"
        ),
        Line2D([], [], color=style.GREY, label="change of recall minus that of top-1", **diamond),
        Line2D([], [], color=style.GREEN, label="the difference, significant", **diamond),
        Line2D([], [], color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)), label="change of top-1"),
    ]
    if spare is None:
        drawing.legend(handles=keys, loc="outside lower center", ncols=3)
    else:
        spare.legend(handles=keys, loc="center")
    return drawing


def draw(*, impact: dict[str, Path], svg: Path, pdf: Path, numbers: Path, figure: Figure) -> None:
    """The step: read the impact of each compressed variant, write the figure and its numbers."""
    table = tabulate({variant: read_csv(path) for variant, path in impact.items()})
    save(table, plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
