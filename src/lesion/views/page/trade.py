"""The figure of candidates: what is lost against what is gained."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator, ScalarFormatter

from lesion.params.figure import Figure
from lesion.views.figures import lettering, style
from lesion.views.figures.labels import place_labels

BESIDE, MOST = 14, 5  # characters of names that are written beside their marks, and how many such names
HEAD, TAIL = 24, 30  # characters of a name in the key
APART = 20.0  # times the smallest value that the largest is, from where on a scale is logarithmic
MARK: dict[str, Any] = {"markersize": 6, "elinewidth": 1.2, "linestyle": "none"}

Floats = npt.NDArray[np.float64]


def size(names: Sequence[str]) -> Figure:
    """The size of the figure: higher where names stand in a key."""
    rows = 0 if _short(names) else (len(names) + 1) // 2
    return Figure(width=8.0, height=5.0 + 0.2 * rows, font_size=9.0)


def _short(names: Sequence[str]) -> bool:
    return len(names) <= MOST and max(map(len, names)) <= BESIDE


def drawn(table: pd.DataFrame, facts: pd.DataFrame, fact: str | None) -> mpl.Figure:
    """The loss of accuracy of each candidate, and of its worst class, over a fact such as its size.

    Without a fact the loss of the worst class stands over that of accuracy.

    Parameters
    ----------
    table : the table of candidates (`lesion.audit.candidates.table`) whose labels are known
    facts : a row a candidate, and dense if it has any, with the columns name and `fact`
    fact : a number; a candidate without it is left out
    """
    drawing = style.canvas(
        "What is lost, and what is gained?" if fact else "What is lost, in all and by the worst class?"
    )
    axes = drawing.subplots()
    axes.grid()
    axes.margins(x=0.14, y=0.14)
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    if fact is None:
        names, places = _both_losses(axes, table)
    else:
        names, places = _over_fact(axes, table, facts.set_index("name")[fact].astype(float), fact)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    labels = [lettering.shortened(name, BESIDE) for name in names] if _short(names) else _keyed(drawing, names)
    known = [(label, place) for label, place in zip([*labels, "dense"], places, strict=False)]
    place_labels(axes, [place for _, place in known], [label for label, _ in known], [style.INK] * len(known))
    return drawing


def _keyed(drawing: mpl.Figure, names: Sequence[str]) -> list[str]:
    """The numbers of the names; a key below the figure says which is which."""
    numbers = [str(place + 1) for place in range(len(names))]
    texts = [f"{number}  {_in_key(name)}" for number, name in zip(numbers, names, strict=True)]
    drawing.legend(handles=[Line2D([], [], linestyle="none", label=text) for text in texts], loc="outside lower left",
                   ncols=2, handlelength=0, handletextpad=0)  # fmt: skip
    return numbers


def _in_key(name: str) -> str:
    """A long name without its middle: names of one family begin alike."""
    if len(name) <= HEAD + TAIL:
        return lettering.shortened(name, HEAD + TAIL)
    return f"{lettering.shortened(name[:HEAD], HEAD)}…{lettering.shortened(name[-TAIL:], TAIL)}"


Labels = tuple[list[str], list[tuple[float, float]]]
"""Names of the candidates, and the places of their marks; that of dense last, if it has one."""


def _over_fact(axes: Axes, table: pd.DataFrame, values: pd.Series, fact: str) -> Labels:
    known = table[table["name"].map(values).notna()]
    x = known["name"].map(values).to_numpy()
    loss, ends = _loss(known, "change")
    axes.errorbar(
        x, loss, yerr=ends, label="all examples, 95 % interval", color=style.BLUE, marker="o", zorder=3, **MARK
    )
    if known["worst_class_change"].notna().any():
        worst, its_ends = _loss(known, "worst_class")
        axes.vlines(x, loss, worst, color=style.PALE, linewidth=1.0, linestyle=(0, (2, 2)))
        look = MARK | {"color": style.VERMILLION, "marker": "v", "markerfacecolor": "white", "elinewidth": 0.7}
        axes.errorbar(x, worst, yerr=its_ends, label="its worst class, 95 % interval for the worst", **look)
    names, places = list(known["name"]), list(zip(x, loss, strict=True))
    if "dense" in values.index and np.isfinite(values["dense"]):
        axes.plot(values["dense"], 0, color=style.INK, marker="*", markersize=9, linestyle="none")
        places.append((float(values["dense"]), 0.0))
    every = np.array([x for x, _ in places])
    if every.min() > 0 and every.max() > APART * every.min():
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(lettering.shortened(fact.replace("_", " "), 60))
    axes.set_ylabel("Loss (percentage points); below 0: a gain")
    return names, places


def _both_losses(axes: Axes, table: pd.DataFrame) -> Labels:
    (loss, ends), (worst, its_ends) = _loss(table, "change"), _loss(table, "worst_class")
    low, high = min((loss - ends[0]).min(), 0.0), (loss + ends[1]).max()
    axes.plot([low, high], [low, high], color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)),
              label="the worst class loses as much as all")  # fmt: skip
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    label = "a candidate, 95 % intervals"
    axes.errorbar(loss, worst, xerr=ends, yerr=its_ends, color=style.BLUE, marker="o", label=label, **MARK)
    axes.plot(0, 0, color=style.INK, marker="*", markersize=9, linestyle="none")
    axes.set_xlabel("Loss of accuracy (percentage points)")
    axes.set_ylabel("Loss of recall of the worst class (percentage points)")
    return list(table["name"]), [*zip(loss, worst, strict=True), (0.0, 0.0)]


def _loss(table: pd.DataFrame, name: str) -> tuple[Floats, Floats]:
    """Loss in points, float64 (k,), and how far its interval reaches below and above it, (2, k)."""
    change, low, high = (
        -100 * table[column].to_numpy(dtype=float)
        for column in (("change", "change_low", "change_high") if name == "change" else _columns(name))
    )
    return change, np.maximum([change - high, low - change], 0.0)


def _columns(name: str) -> tuple[str, str, str]:
    return f"{name}_change", f"{name}_low", f"{name}_high"
