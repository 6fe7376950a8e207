"""The section of the page on answers that are broken and fixed: rows of its tables, and its figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lesion.audit.statistics.flips import ALL, LABELS, NO_TEST, TESTS
from lesion.audit.wording import number, p_value, percent
from lesion.views.figures import lettering, style
from lesion.views.page.page import with_interval


def words(table: pd.DataFrame) -> tuple[str, str]:
    """What right answers that become wrong are called, and wrong ones that become right: modal labels or answers."""
    return ("forgotten", "learnt") if table["test"].iloc[0] == NO_TEST else ("broken", "fixed")


def explained(table: pd.DataFrame) -> str:
    """What the table of groups and classes shows, for who reads the page."""
    if table["broken"].isna().all():
        return "How many answers change. Without labels it is not known which of them break."
    lost, won = (word.capitalize() for word in words(table))
    who = "most models give" if table["test"].iloc[0] == NO_TEST else "the model gives"
    text = f"{lost}: the answer that {who} was right and is wrong now. {won}: the other way. Moved: wrong both times."
    if table["p"].notna().any():
        test = TESTS[table["test"].iloc[0]]
        text += (
            f" The p says whether more break than are fixed ({test}); against the rest, whether this class or group"
            " changes more or less than all other examples do."
        )
    return text


def named(row: Mapping[Any, Any]) -> str:
    """The name of a row."""
    return str(row["group"]) if row["attribute"] in (ALL, LABELS) else f"{row['attribute']}: {row['group']}"


def of_groups(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of all examples, and of groups and classes, those that lose most first."""
    part = table[table["attribute"] != LABELS]
    rank = part["attribute"].map({ALL: 0}).fillna(1)
    return part.assign(rank=rank).sort_values(["rank", "change"], kind="stable").drop(columns="rank")


def _tested(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    return [name for name in names if table[name].notna().any()]


def group_rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of groups and classes."""
    known, tested = table["broken"].notna().any(), _tested(table, ("p", "q", "p_beyond", "q_beyond"))
    lost, won = words(table)
    kinds = {"broken": lost, "fixed": won, "moved": "moved"} if known else {"changed": "changed"}
    headings = [name.replace("_beyond", ", against the rest") for name in tested]
    rows = []
    for row in table.to_dict("records"):
        counts = [f"{number(row[name])} ({percent(row[f'{name}_rate'])})" for name in kinds]
        change = [with_interval(row, "change")] if known else []
        rows.append([named(row), number(row["examples"]), *counts, *change, *(p_value(row[name]) for name in tested)])
    return ["", "examples", *kinds.values(), *(["change"] if known else []), *headings], rows


def label_rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of pairs of labels: how often answers go from the first to the second, and back."""
    tested, (lost, won) = _tested(table, ("p", "q")), words(table)
    kinds = {"broken": lost, "fixed": won, "moved": "moved"} if table["broken"].notna().any() else {}
    columns = ["dense → compressed", "dense answers", "changed", "share", *kinds.values()]
    rows = []
    for row in table.to_dict("records"):
        counts = [number(row["changed"]), percent(row["changed_rate"]), *(number(row[name]) for name in kinds)]
        rows.append([named(row), number(row["examples"]), *counts, *(p_value(row[name]) for name in tested)])
    return [*columns, *(f"{name}, against the way back" for name in tested)], rows


def drawn(table: pd.DataFrame, names: Sequence[str], *, average: float, alpha: float) -> mpl.Figure:
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
        Line2D([], [], label=f"other than the rest, q < {alpha:g}", **dot),  # type: ignore[arg-type]
        Line2D([], [], color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)), label="all together"),
    ]
    drawing.legend(handles=keys, loc="outside lower center", ncols=3)
    return drawing


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the figure: classes and groups, those that lose most first."""
    part = table[~table["attribute"].isin((ALL, LABELS))]
    return part.sort_values(["change"], kind="stable")
