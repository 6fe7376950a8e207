"""How many classes and how many images compression changes, beside the counts that seed noise alone gives."""

from collections.abc import Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lesion.artifacts.csv_tables import read_csv
from lesion.audit.noise import COUNTS
from lesion.params.figure import Figure
from lesion.params.variant import method
from lesion.views.figures import style, variants
from lesion.views.figures.labels import place_labels
from lesion.views.figures.saving import save

INPUTS = ("summary",)
SETTINGS = {"trained": "active.trained", "derived": "active.derived", "alpha": "audit.impact.alpha"}

ROWS = tuple(sorted(COUNTS, key="pie".__eq__))  # from the top: the counts of classes, then that of images
CAPTIONS = {
    "trained": "Pruned while training:\nsparsity (% of weights removed)",
    "derived": "Compressed\nafter training",
    "external": "Predictions\nfrom files",
}
MATCHED: dict[str, Any] = {"color": style.INK, "marker": "o", "markerfacecolor": "white", "linestyle": "none",
                           "markersize": 4, "markeredgewidth": 0.8}  # fmt: skip


def tabulate(summary: pd.DataFrame, *, trained: list[str], derived: list[str]) -> pd.DataFrame:
    """One row a compressed variant: kind (trained, derived, external), method, sparsity and counts of `summary.csv`.

    Columns null_<count>, null_<count>_low and null_<count>_high are the mean and the 95 % range of what seed noise
    alone gives with null_members on either side; matched_<count> is what dense and compressed members give on average,
    as many of them. Of single members there is no test and no noise: these cells are empty.
    """
    table = summary[summary["variant"] != variants.DENSE].reset_index(drop=True)
    table.insert(1, "kind", variants.kinds(table["variant"], trained=trained, derived=derived))
    table.insert(2, "method", table["variant"].map(method))
    parts = [(f"null_{count}", f"null_{count}_low", f"null_{count}_high", f"matched_{count}") for count in ROWS]
    noise = [name for names in parts for name in names]
    counts = [*ROWS, "classes_lost", "classes_gained", "null_members"]
    table = table.astype(dict.fromkeys(counts, "Int64"))  # empty for some, so read as floats
    return table[["variant", "kind", "method", "sparsity", *counts, "pie_share", *noise]]


def _note(count: str, row: Mapping[Hashable, Any]) -> str:
    return f"{row[count]:,} ({100 * row['pie_share']:.1f} %)" if count == "pie" else f"{row[count]:,}"


def _notes(axes: Axes, count: str, rows: pd.DataFrame) -> None:
    """Write each count beside its point, in the colour of its line where several methods have one."""
    methods = list(dict.fromkeys(rows["method"]))
    several = rows["kind"].eq("trained").all() and len(methods) > 1
    known = rows[rows[count].notna()]
    colours = [style.line(methods.index(name))["color"] if several else style.INK for name in known["method"]]
    points = list(zip(_places(rows)[known.index], known[count], strict=True))
    place_labels(axes, points, [_note(count, row) for row in known.to_dict("records")], colours)


def _noise(axes: Axes, count: str, rows: pd.DataFrame) -> None:
    """Draw the mean and range of seed noise at each point, and a hollow mark for the count of as many members."""
    width = 5.0 if _on_scale(rows) else 0.4
    known = rows[rows[f"null_{count}"].notna()]
    x = _places(rows)[known.index]
    low, high = known[f"null_{count}_low"], known[f"null_{count}_high"]
    axes.bar(x, high - low, bottom=low, width=width, color=style.PALE, alpha=0.6, linewidth=0, zorder=1)
    axes.hlines(known[f"null_{count}"], x - width / 2, x + width / 2, color=style.GREY, linewidth=0.9, zorder=1.5)
    _plot(axes, x, known[f"matched_{count}"], zorder=2, **MATCHED)


def _plot(axes: Axes, x: pd.Series, y: pd.Series, **look: Any) -> None:
    """Plot the points that are known. A line of none has no extent, with which the layout cannot be computed."""
    known = y.notna()
    if known.any():
        axes.plot(x[known], y[known].astype(float), clip_on=False, **look)


def _on_scale(rows: pd.DataFrame) -> bool:
    """True if the variants of a panel are placed by their sparsity, false if they stand side by side."""
    return bool((rows["kind"] == "trained").all())


def _places(rows: pd.DataFrame) -> pd.Series:
    return 100 * rows["sparsity"] if _on_scale(rows) else pd.Series(range(len(rows)), rows.index)


def _lines(axes: Axes, count: str, pruned: pd.DataFrame) -> None:
    for index, (_, rows) in enumerate(pruned.groupby("method", sort=False)):
        ordered = rows.sort_values("sparsity")
        _plot(axes, 100 * ordered["sparsity"], ordered[count], markersize=5.5, **style.line(index))
    axes.set_xlim(0, 100)
    axes.set_xticks([0, *sorted(set((100 * pruned["sparsity"]).round(1))), 100])
    axes.xaxis.set_major_formatter("{x:g}")


def _marks(axes: Axes, count: str, rows: pd.DataFrame) -> None:
    places = range(len(rows))
    look = variants.MARKS[rows["kind"].iloc[0]]
    _plot(axes, _places(rows), rows[count], markersize=5.5, **look)
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.set_xticks(places, [variants.broken(name) for name in rows["variant"]])


def _keys(table: pd.DataFrame, shown: list[str]) -> list[Any]:
    methods = list(dict.fromkeys(table.loc[table["kind"] == "trained", "method"]))
    keys: list[Any] = [
        Line2D([], [], label=f"pruned ({variants.label(name)})", **style.line(index))
        for index, name in enumerate(methods)
    ]
    keys += [Line2D([], [], **variants.MARKS[kind]) for kind in shown if kind in variants.MARKS]
    members = sorted(table["null_members"].dropna().unique())
    if members:
        a_side = " or ".join(f"{count:,}" for count in members)
        keys += [
            Line2D([], [], label=f"compressed against dense, {a_side} members a side", **MATCHED),
            Line2D([], [], color=style.GREY, linewidth=0.9, label="seed noise alone: mean"),
            Patch(color=style.PALE, alpha=0.6, label="seed noise alone: 95 % range"),
        ]
    return keys


def plot(table: pd.DataFrame, *, alpha: float) -> mpl.Figure:
    """Classes above, PIE below; variants pruned while training on the left, by sparsity, other kinds beside them."""
    title = "How much of the data set does compression change?"
    parts = {kind: rows for kind in variants.KINDS if len(rows := table[table["kind"] == kind])}
    if not parts:
        return style.notice(title, style.NO_VARIANT)
    drawing, shown = style.canvas(title), list(parts)
    widths = [1.7 if kind == "trained" else max(0.6, len(rows) / 3) for kind, rows in parts.items()]
    grid = drawing.subplots(len(ROWS), len(shown), squeeze=False, sharey="row", sharex="col", width_ratios=widths)
    for row, count in zip(grid, ROWS, strict=True):
        top = table[[count, f"null_{count}_high"]].astype(float).max().max()
        for axes, (kind, rows) in zip(row, parts.items(), strict=True):
            _noise(axes, count, rows)
            (_lines if kind == "trained" else _marks)(axes, count, rows)
            if rows[count].isna().all():
                axes.text(0.5, 0.5, "no test", transform=axes.transAxes, ha="center", va="center", color=style.GREY)
            axes.set_ylim(0, 1.3 * max(1.0, np.nan_to_num(top)))
            axes.yaxis.get_major_locator().set_params(integer=True)
            axes.grid(axis="y")
            axes.tick_params(axis="y", length=0)
        row[0].set_ylabel(COUNTS[count].format(alpha=alpha))
    for axes, kind in zip(grid[-1], shown, strict=True):
        axes.set_xlabel(CAPTIONS[kind])
    drawing.legend(handles=_keys(table, shown), loc="outside lower center", ncols=3)
    for row, count in zip(grid, ROWS, strict=True):
        for axes, rows in zip(row, parts.values(), strict=True):
            _notes(axes, count, rows)
    return drawing


def draw(
    *,
    summary: Path,
    trained: list[str],
    derived: list[str],
    alpha: float,
    svg: Path,
    pdf: Path,
    numbers: Path,
    figure: Figure,
) -> None:
    """The step: read the summary, write the figure and its numbers."""
    table = tabulate(read_csv(summary), trained=trained, derived=derived)
    save(table, partial(plot, alpha=alpha), svg=svg, pdf=pdf, numbers=numbers, figure=figure)
