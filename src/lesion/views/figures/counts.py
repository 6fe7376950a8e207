"""How many classes and images compression changes, beside what chance and seed noise alone give."""

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

CLASSES, PAPER = "significant_classes", "paper_significant_classes"
ROWS = (CLASSES, "pie", "forgotten", "learnt")  # from the top
CAPTIONS = {
    "trained": "Pruned while training:\nsparsity (% of weights removed)",
    "derived": "Compressed\nafter training",
    "external": "Predictions\nfrom files",
}
MATCHED: dict[str, Any] = {"color": style.INK, "marker": "o", "markerfacecolor": "white", "linestyle": "none",
                           "markersize": 4, "markeredgewidth": 0.8}  # fmt: skip
PUBLISHED: dict[str, Any] = {"color": style.INK, "marker": "x", "linestyle": "none", "markersize": 4.5,
                             "markeredgewidth": 0.8}  # fmt: skip
CHANCE: dict[str, Any] = {"color": style.GREY, "linewidth": 0.9, "linestyle": (0, (1, 2))}
NOISE = ("null_{}", "null_{}_low", "null_{}_high", "matched_{}", "excess_{}", "excess_{}_low", "excess_{}_high")


def tabulate(summary: pd.DataFrame, *, trained: list[str], derived: list[str]) -> pd.DataFrame:
    """One row a compressed variant: kind (trained, derived, external), method, sparsity and counts of `summary.csv`.

    significant_classes are those of the audit, paper_significant_classes those that the paper's test finds, of so
    many classes. Of pie, forgotten, learnt and moved, null_<count> with _low and _high are the mean and the 95 % range
    of what seed noise alone gives with null_members on either side; matched_<count> is what dense and compressed
    members give on average, as many of them; excess_<count>, with the ends of its 95 % interval, is what that has more.
    Of single members there is no test and no noise: these cells are empty.
    """
    table = summary[summary["variant"] != variants.DENSE].reset_index(drop=True)
    table.insert(1, "kind", variants.kinds(table["variant"], trained=trained, derived=derived))
    table.insert(2, "method", table["variant"].map(method))
    noise = [name.format(count) for count in COUNTS for name in NOISE]
    classes = ["classes", CLASSES, f"{CLASSES}_fdr", PAPER, "classes_lost", "classes_gained"]
    counts = [*classes, *COUNTS, "null_members"]
    table = table.astype(dict.fromkeys(counts, "Int64"))  # empty for some, so read as floats
    return table[["variant", "kind", "method", "sparsity", *counts, "pie_share", *noise, "pie_p"]]


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
    """Draw the mean and range of seed noise at each point, and a hollow mark for the count of as many members.

    The whiskers of a mark are the interval of the excess, from the mean of the noise.
    """
    width = 5.0 if _on_scale(rows) else 0.4
    known = rows[rows[f"null_{count}"].notna()]
    x, mean = _places(rows)[known.index], known[f"null_{count}"]
    low, high = known[f"null_{count}_low"], known[f"null_{count}_high"]
    axes.bar(x, high - low, bottom=low, width=width, color=style.PALE, alpha=0.6, linewidth=0, zorder=1)
    axes.hlines(mean, x - width / 2, x + width / 2, color=style.GREY, linewidth=0.9, zorder=1.5)
    ends = (np.maximum(0, mean + known[f"excess_{count}_{end}"]) for end in ("low", "high"))
    axes.vlines(x, *ends, color=style.INK, linewidth=0.8, zorder=1.8)
    _plot(axes, x, known[f"matched_{count}"], zorder=2, **MATCHED)


def _chance(axes: Axes, rows: pd.DataFrame, alpha: float) -> None:
    """Draw how many classes chance alone would find, and how many the paper's test finds."""
    if rows[CLASSES].notna().any():
        axes.axhline(alpha * rows["classes"].max(), zorder=1, **CHANCE)
    _plot(axes, _places(rows), rows[PAPER], zorder=2, **PUBLISHED)


def _plot(axes: Axes, x: pd.Series, y: pd.Series, **look: Any) -> None:
    """Plot the points that are known. A line of none has no extent, with which the layout cannot be computed."""
    known = y.notna()
    if known.any():
        axes.plot(x[known], y[known].astype(float), clip_on=False, **look)


def _on_scale(rows: pd.DataFrame) -> bool:
    """True if the variants of a panel are placed by their sparsity, false if they stand side by side."""
    return bool((rows["kind"] == "trained").all())


def _places(rows: pd.DataFrame) -> pd.Series:
    return variants.percent_sparse(rows["sparsity"]) if _on_scale(rows) else pd.Series(range(len(rows)), rows.index)


def _lines(axes: Axes, count: str, pruned: pd.DataFrame) -> None:
    for index, (_, rows) in enumerate(pruned.groupby("method", sort=False)):
        ordered = rows.sort_values("sparsity")
        _plot(axes, variants.percent_sparse(ordered["sparsity"]), ordered[count], markersize=5.5, **style.line(index))
    axes.set_xlim(0, 100)
    axes.set_xticks([0, *sorted(set(variants.percent_sparse(pruned["sparsity"]).round(1))), 100])
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
    if table[CLASSES].notna().any():
        keys.append(Line2D([], [], label="classes expected by chance if nothing changes", **CHANCE))
    if table[PAPER].notna().any():
        keys.append(Line2D([], [], label="classes by the paper's test", **PUBLISHED))
    members = sorted(table["null_members"].dropna().unique())
    if members:
        a_side = " or ".join(f"{count:,}" for count in members)
        keys += [
            Line2D([], [], label=f"{a_side} compressed against {a_side} dense, 95 % interval", **MATCHED),
            Line2D([], [], color=style.GREY, linewidth=0.9, label="seed noise alone: mean"),
            Patch(color=style.PALE, alpha=0.6, label="seed noise alone: 95 % range"),
        ]
    return keys


def _top(count: str, table: pd.DataFrame) -> float:
    """The largest number that a row of panels shows."""
    shown = table[[count]].astype(float)
    if count == CLASSES:
        shown = table[[CLASSES, PAPER]].astype(float)
    else:
        shown[["noise", "mark"]] = table[[f"null_{count}_high", f"matched_{count}"]].astype(float)
        shown["whisker"] = table[f"null_{count}"] + table[f"excess_{count}_high"]
    return float(np.nan_to_num(shown.max().max()))


def plot(table: pd.DataFrame, *, alpha: float) -> mpl.Figure:
    """A row a count; variants pruned while training on the left, by sparsity, other kinds beside them."""
    title = "How much of the data set does compression change?"
    parts = {kind: rows for kind in variants.KINDS if len(rows := table[table["kind"] == kind])}
    if not parts:
        return style.notice(title, style.NO_VARIANT)
    drawing, shown = style.canvas(title), list(parts)
    widths = [1.7 if kind == "trained" else max(0.6, len(rows) / 3) for kind, rows in parts.items()]
    grid = drawing.subplots(len(ROWS), len(shown), squeeze=False, sharey="row", sharex="col", width_ratios=widths)
    for row, count in zip(grid, ROWS, strict=True):
        for axes, (kind, rows) in zip(row, parts.items(), strict=True):
            if count == CLASSES:
                _chance(axes, rows, alpha)
            else:
                _noise(axes, count, rows)
            (_lines if kind == "trained" else _marks)(axes, count, rows)
            if rows[count].isna().all():
                said = "no test" if count == CLASSES else "no labels"
                axes.text(0.5, 0.5, said, transform=axes.transAxes, ha="center", va="center", color=style.GREY)
            axes.set_ylim(0, 1.3 * max(1.0, _top(count, table)))
            axes.yaxis.get_major_locator().set_params(integer=True)
            axes.grid(axis="y")
            axes.tick_params(axis="y", length=0)
        row[0].set_ylabel(f"Classes, p < {alpha:g}" if count == CLASSES else COUNTS[count])
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
