"""The figures of an audit: changes with their intervals, and counts beside seed noise."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lesion.audit.noise import COUNTS, MEANING
from lesion.audit.statistics.flips import words
from lesion.params.figure import Figure
from lesion.views.figures import lettering, reliability, style

SHOWN = 40  # rows of an interval plot: more names cannot be read


def size(rows: int) -> Figure:
    """The size of an interval plot of so many rows."""
    return Figure(width=8.0, height=1.5 + 0.24 * rows, font_size=9.0)


def extremes(change: pd.Series) -> npt.NDArray[np.int64]:
    """Positions of all rows, or of as many that lose most as gain most, sorted by change: int64 (at most SHOWN,)."""
    order = np.argsort(change.to_numpy(), kind="stable")
    return order if len(order) <= SHOWN else np.concatenate([order[: SHOWN // 2], order[-SHOWN // 2 :]])


def _tested(table: pd.DataFrame) -> bool:
    return "p" in table and bool(table["p"].notna().any())


def _colours(table: pd.DataFrame) -> list[str]:
    if not _tested(table):
        return [style.BLUE] * len(table)
    flags = zip(table["significant_fdr"], table["significant"], strict=True)
    return [style.VERMILLION if fdr else style.PINK if plain else style.GREY for fdr, plain in flags]


def intervals(
    title: str, table: pd.DataFrame, names: Sequence[str], *, average: float, unit: str, alpha: float
) -> mpl.Figure:
    """A dot with its 95 % interval for each row, beside the change of all.

    Parameters
    ----------
    table : change, change_low and change_high as fractions; p, significant and significant_fdr, where there are tests
    names : of the rows
    average : the change of all, as a fraction
    unit : what changes
    """
    drawing = style.canvas(title)
    axes = drawing.subplots()
    place, colours = np.arange(len(table))[::-1], _colours(table)
    change, low, high = (100 * table[name].to_numpy() for name in ("change", "change_low", "change_high"))
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    axes.axvline(100 * average, color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.hlines(place, low, high, colors=colours, linewidth=1.6)
    axes.scatter(change, place, c=colours, s=24, zorder=3)
    axes.set_yticks(place, [lettering.shortened(name, 32) for name in names])
    axes.set_ylim(-0.7, len(table) - 0.3)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_xlabel(f"Change of {unit} (percentage points), with its 95 % interval")
    dot = {"marker": "o", "markersize": 5, "linewidth": 1.6}
    keys = [Line2D([], [], color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)), label="all together")]
    if _tested(table):
        said = {f"q < {alpha:g} (FDR)": style.VERMILLION, f"p < {alpha:g} only": style.PINK, "neither": style.GREY}
        keys += [Line2D([], [], color=colour, label=label, **dot) for label, colour in said.items()]  # type: ignore[arg-type]
    drawing.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return drawing


def flips(table: pd.DataFrame, names: Sequence[str], *, average: float, alpha: float) -> mpl.Figure:
    """Shares of answers broken (left) and fixed (right) with the net change and its 95 % interval, a line a row.

    Parameters
    ----------
    table : rows of the table of flips that are not of pairs of labels
    names : of the rows
    average : the change of all examples, as a fraction
    """
    drawing = style.canvas("What breaks, and what is fixed?")
    axes = drawing.subplots()
    place, (lost, won) = np.arange(len(table))[::-1], words(table)
    axes.barh(place, -100 * table["broken_rate"], height=0.6, color=style.VERMILLION, alpha=0.45)
    axes.barh(place, 100 * table["fixed_rate"], height=0.6, color=style.BLUE, alpha=0.45)
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    axes.axvline(100 * average, color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)))
    change, low, high = (100 * table[name].to_numpy() for name in ("change", "change_low", "change_high"))
    axes.hlines(place, low, high, colors=style.INK, linewidth=1.2)
    sure = (table["q_beyond"] < alpha).to_numpy()
    axes.scatter(change, place, c=np.where(sure, style.INK, "white"), edgecolors=style.INK, s=24, zorder=3)
    axes.set_yticks(place, [lettering.shortened(name, 32) for name in names])
    axes.set_ylim(-0.7, len(table) - 0.3)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_xlabel("Share of the examples (percentage points)")
    dot = {"marker": "o", "color": style.INK, "markersize": 5, "linewidth": 1.2}
    keys = [
        Patch(color=style.VERMILLION, alpha=0.45, label=lost),
        Patch(color=style.BLUE, alpha=0.45, label=won),
        Line2D([], [], label="change, 95 % interval", markerfacecolor="white", **dot),  # type: ignore[arg-type]
        Line2D([], [], color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)), label="all together"),
    ]
    if table["q_beyond"].notna().any():  # of one pair of models
        keys.insert(3, Line2D([], [], label=f"other than the rest, q < {alpha:g}", **dot))  # type: ignore[arg-type]
    drawing.legend(handles=keys, loc="outside lower center", ncols=3)
    return drawing


def confidence(bins: pd.DataFrame) -> mpl.Figure:
    """The reliability diagram of one comparison, of the rows of `reliability.csv`."""
    drawing = style.canvas(reliability.TITLE)
    axes = drawing.subplots()
    reliability.diagram(axes, bins)
    axes.set_xlabel("Mean confidence (%)")
    axes.set_ylabel("Accuracy (%)")
    drawing.legend(handles=reliability.keys(), loc="outside lower center", ncols=3)
    return drawing


def noise(null: pd.DataFrame) -> mpl.Figure:
    """Each count between dense and compressed models, with its interval, beside what dense models give alone."""
    drawing = style.canvas("Is it more than seed noise?")
    axes = drawing.subplots()
    place, members = np.arange(len(null))[::-1], null["members"].iloc[0]
    axes.barh(
        place, null["null_high"] - null["null_low"], left=null["null_low"], height=0.5, color=style.PALE, linewidth=0
    )
    axes.vlines(null["null"], place - 0.25, place + 0.25, color=style.GREY, linewidth=1.2)
    ends = (np.maximum(0, null["null"] + null[f"excess_{end}"]) for end in ("low", "high"))
    axes.hlines(place, *ends, color=style.VERMILLION, linewidth=1.6)
    axes.scatter(null["matched"], place, color=style.VERMILLION, s=24, zorder=3)
    said = [f"{COUNTS[count]}\n({MEANING[count]})" if count in MEANING else COUNTS[count] for count in null["count"]]
    axes.set_yticks(place, said)
    axes.set_ylim(-0.6, len(null) - 0.4)
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_xlabel("Examples")
    keys = [
        Line2D([], [], color=style.GREY, linewidth=1.2, label=f"{members} dense against {members} dense: mean"),
        Patch(color=style.PALE, label="95 % of the splits"),
        Line2D([], [], color=style.VERMILLION, marker="o", markersize=5, linewidth=1.6,
               label=f"{members} dense against {members} compressed, 95 % interval"),
    ]  # fmt: skip
    drawing.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return drawing
