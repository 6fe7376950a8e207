"""Top-1 accuracy against the size of a member on disk, one point for each variant."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from lesion.artifacts.csv_tables import read_csv
from lesion.params.figure import Figure
from lesion.params.variant import method
from lesion.views.figures import style, variants
from lesion.views.figures.labels import place_labels
from lesion.views.figures.saving import save

INPUTS = ("summary",)
SETTINGS = {"trained": "active.trained", "derived": "active.derived"}

KIBIBYTE = 1024


def tabulate(summary: pd.DataFrame, *, trained: list[str], derived: list[str]) -> pd.DataFrame:
    """One row a variant whose size is known, dense first, with kind (dense, trained, derived, external) and method.

    Columns: variant, kind, method, sparsity, bytes_per_member, kib_per_member (the size on disk), members, top1 and
    top1_sd (between members), fractions.
    """
    table = summary[summary["bytes_per_member"].notna()].reset_index(drop=True)
    table.insert(1, "kind", variants.kinds(table["variant"], trained=trained, derived=derived))
    table.insert(2, "method", table["variant"].map(method))
    table["kib_per_member"] = table["bytes_per_member"] / KIBIBYTE
    return table[
        ["variant", "kind", "method", "sparsity", "bytes_per_member", "kib_per_member", "members", "top1", "top1_sd"]
    ]


def _marks(axes: Axes, rows: pd.DataFrame, **look: Any) -> None:
    axes.errorbar(
        rows["kib_per_member"],
        100 * rows["top1"],
        yerr=100 * rows["top1_sd"],
        markersize=6,
        linewidth=1.2,
        elinewidth=0.8,
        capsize=2,
        **look,
    )


def _range(counts: pd.Series) -> str:
    """The smallest and the largest count, or one where they are equal."""
    ends = sorted({int(counts.min()), int(counts.max())})
    return " to ".join(f"{count:,}" for count in ends)


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One point for each variant, with the standard deviation between members; lines join the levels of a method."""
    drawing = style.canvas("What does compression save, and what does it cost on average?")
    axes = drawing.subplots()
    pruned = table[table["kind"] == "trained"]
    for index, (name, rows) in enumerate(pruned.groupby("method", sort=False)):
        _marks(axes, rows.sort_values("sparsity"), label=f"pruned ({variants.label(name)})", **style.line(index))
    dense = table[table["kind"] == variants.DENSE]
    _marks(axes, dense, label="dense", color=style.INK, marker="*", linestyle="none")
    for kind, look in variants.MARKS.items():
        if len(rows := table[table["kind"] == kind]):
            _marks(axes, rows, **look)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("Size on disk of a member (KiB, log scale)")
    axes.set_ylabel(f"Top-1 accuracy (%), mean ± sd of {_range(table['members'])} members")
    axes.margins(x=0.12, y=0.12)
    axes.grid(which="major")
    axes.legend(loc="lower right", handlelength=1.6)
    points = list(zip(table["kib_per_member"], 100 * table["top1"], strict=True))
    place_labels(axes, points, [variants.label(name) for name in table["variant"]], [style.INK] * len(table))
    return drawing


def draw(
    *,
    summary: Path,
    trained: list[str],
    derived: list[str],
    svg: Path,
    pdf: Path,
    numbers: Path,
    figure: Figure,
) -> None:
    """The step: read the summary, write the figure and its numbers."""
    table = tabulate(read_csv(summary), trained=trained, derived=derived)
    save(table, plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
