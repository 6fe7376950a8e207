"""Accuracy against size on disk: what compression buys, and what the average says it costs."""

from typing import Any

import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import read_csv
from lesion.params.figure import Figure
from lesion.params.variant import method
from lesion.views.figures import style
from lesion.views.figures.labels import place_labels
from lesion.views.figures.saving import save

KIBIBYTE = 1024


def numbers(summary: pd.DataFrame, *, trained: list[str], derived: list[str]) -> pd.DataFrame:
    """One row a variant, dense first, with kind (dense, trained, derived), method, sparsity and members.

    The size is bytes_per_member and kib_per_member; top1 and top1_sd (between members) are fractions.
    """
    table = summary.set_index("variant").loc[["dense", *trained, *derived]].reset_index()
    table.insert(1, "kind", ["dense"] + ["trained"] * len(trained) + ["derived"] * len(derived))
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


def plot(table: pd.DataFrame) -> mpl.Figure:
    """A point a variant, error bars of one standard deviation between members, pruning joined by a line."""
    drawing = style.canvas("What compression buys, and what the average says it costs")
    axes = drawing.subplots()
    pruned = table[table["kind"] == "trained"]
    for index, (name, rows) in enumerate(pruned.groupby("method", sort=False)):
        _marks(axes, rows.sort_values("sparsity"), label=f"pruned ({name})", **style.line(index))
    alone = {"linestyle": "none"}
    _marks(axes, table[table["kind"] == "dense"], label="dense", color=style.INK, marker="*", **alone)
    if len(rows := table[table["kind"] == "derived"]):
        _marks(axes, rows, label="quantised", color=style.VERMILLION, marker="D", **alone)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("Size on disk of a member (KiB, log scale)")
    axes.set_ylabel(f"Top-1 accuracy (%), mean ± sd of {table['members'].min()} members")
    axes.margins(x=0.12, y=0.12)
    axes.grid(which="major")
    axes.legend(loc="lower right", handlelength=1.6)
    points = list(zip(table["kib_per_member"], 100 * table["top1"], strict=True))
    place_labels(axes, points, table["variant"].tolist(), [style.INK] * len(table))
    return drawing


def draw(*, study: str, shards: list[str], trained: list[str], derived: list[str], figure: Figure) -> None:  # noqa: ARG001
    """The step: read `summary.csv`, write `figures/size`."""
    table = numbers(read_csv(paths.summary(study)), trained=trained, derived=derived)
    save(study, "size", table, plot, figure)
