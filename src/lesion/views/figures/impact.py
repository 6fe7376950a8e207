"""Per-class impact of each variant, as in the paper: the classes that pay for the average."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import read_csv
from lesion.params.figure import Figure
from lesion.views.figures import lettering, style
from lesion.views.figures.saving import save

NAMED_CLASSES = 25  # with more classes than this their names cannot be read


def numbers(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The bars from left to right: for each variant its classes, sorted by the change of recall.

    Columns: variant, rank, class, name, examples, dense_recall, compressed_recall, change with its 95 % interval
    (change_low, change_high), top1_change (what the average loses), normalised_change (change − top1_change), p, q,
    significant, significant_fdr, direction; fractions.
    """
    parts = []
    for variant, table in tables.items():
        part = table.sort_values(["change", "class"], kind="stable").reset_index(drop=True)
        part.insert(0, "variant", variant)
        part.insert(1, "rank", part.index)
        part["top1_change"] = part["change"] - part["normalised_change"]
        parts.append(part)
    columns = "variant rank class name examples dense_recall compressed_recall change change_low change_high"
    tested = "top1_change normalised_change p q significant significant_fdr direction"
    return pd.concat(parts, ignore_index=True)[[*columns.split(), *tested.split()]]


def _panel(axes: Axes, variant: str, part: pd.DataFrame) -> None:
    significant = part["significant"].to_numpy(dtype=bool)
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
    lost = int((significant & (part["direction"] == "loss").to_numpy()).sum())
    found = f"{significant.sum():,} of {len(part):,} significant, {part['significant_fdr'].sum():,} at FDR:"
    counted = f"{found}\n{lost:,} lose, {significant.sum() - lost:,} gain"
    axes.set_title(f"{variant}\n{counted}")
    axes.margins(x=0.02)
    if few:
        names = [lettering.shortened(str(name), 14) for name in part["name"]]
        axes.set_xticks(rank, names, rotation=90 if max(map(len, names)) > 2 else 0)
        axes.tick_params(axis="x", length=0)
    else:
        axes.set_xticks([])
    axes.set_xlabel("class, sorted by change")
    axes.grid(axis="y")


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One panel a variant; the scales differ, so that small changes can be seen too."""
    drawing = style.canvas("Which classes does compression change more than the average?")
    variants = list(dict.fromkeys(table["variant"]))
    grid, spare = style.panels(drawing, len(variants), sharey=False)
    for axes, variant in zip(grid, variants, strict=True):
        _panel(axes, variant, table[table["variant"] == variant])
    drawing.supylabel("Change from dense (percentage points; the scales differ)", fontsize="medium")
    diamond: dict[str, Any] = {"marker": "D", "linestyle": "none", "markeredgecolor": "white", "markersize": 5}
    keys = [
        Patch(color=style.PALE, label="change of recall"),
        Patch(color=style.PINK, label="the same, significant"),
        Line2D(
            [], [], color=style.INK, linewidth=0.7, marker="|", linestyle="none", label="95 % interval of the change"
        ),
        Line2D([], [], color=style.GREY, label="relative to top-1", **diamond),
        Line2D([], [], color=style.GREEN, label="the same, significant", **diamond),
        Line2D([], [], color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)), label="change of top-1"),
    ]
    if spare is None:
        drawing.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    else:
        spare.legend(handles=keys, loc="center")
    return drawing


def draw(*, study: str, shards: list[str], trained: list[str], derived: list[str], figure: Figure) -> None:  # noqa: ARG001
    """The step: read `impact/<variant>.csv` of each compressed variant, write `figures/impact`."""
    table = numbers({variant: read_csv(paths.impact(study, variant)) for variant in (*trained, *derived)})
    save(study, "impact", table, plot, figure)
