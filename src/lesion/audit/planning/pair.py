"""What a single pair of models could have seen, and how many examples it takes to see more."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.inference.flip_power import MOST, detectable_change, examples_needed
from lesion.audit.inference.flip_rates import Flips, Rows

QUARTILES = (0.25, 0.5, 0.75)
ALL = "all"
WAYS = ("broken", "fixed")


def seen(comparison: Comparison, *, alpha: float = 0.05, power: float = 0.8) -> pd.DataFrame:
    """What McNemar's exact test could have found between one dense and one compressed model: all examples, each class.

    Columns: class (`all` first), examples (in clusters: what they are worth), flips (share of answers that break or are
    fixed), change (share fixed less share broken), detectable (the least absolute change that is found with `power` at
    alpha), detectable_fdr (at alpha / classes, the strictest that Benjamini–Hochberg asks of any class; of all examples
    the same as detectable). NaN where no change could have been found.

    Raises
    ------
    InputError
        Where labels are not known, or the power is not above alpha and below 1.
    """
    before, after = (one.correct[0].astype(np.int64) for one in (comparison.dense, comparison.compressed))
    changed = np.flatnonzero(before != after)
    flips = Flips(changed, (after - before)[changed])
    parts = [_part(comparison, flips, np.array([ALL], dtype=object), np.zeros(len(before), dtype=np.int64))]
    if comparison.comparable_classes:
        parts.append(_part(comparison, flips, comparison.named(comparison.present), comparison.stratum))
    table = pd.concat(parts, ignore_index=True)
    tests = np.where(table.index == 0, 1, len(comparison.present))
    for name, divided in (("detectable", np.ones_like(tests)), ("detectable_fdr", tests)):
        rows = list(zip(table["examples"], table["flips"], divided, strict=True))
        found = {row: detectable_change(row[0], flips=row[1], alpha=alpha / row[2], power=power) for row in set(rows)}
        table[name] = [found[row] for row in rows]  # many classes have as many examples and flips as another
    return table


def _part(
    comparison: Comparison, flips: Flips, names: npt.NDArray[Any], stratum: npt.NDArray[np.integer]
) -> pd.DataFrame:
    """The rows of these strata of the examples, without what is detectable."""
    rows = Rows(stratum, np.arange(len(names)), stratum[flips.example], comparison.cluster)
    size, (broken, fixed) = rows.examples, (rows.count(flips.chosen(way)) for way in WAYS)
    worth = np.floor(rows.worth(flips, flips.way)).astype(np.int64)
    shares = {"flips": (broken + fixed) / size, "change": (fixed - broken) / size}
    return pd.DataFrame({"class": names, "examples": worth, **shares})


def flip_rates(table: pd.DataFrame) -> list[float]:
    """Shares of answers that flip, to plan for: of all examples, and the quartiles of the classes, each once.

    Parameters
    ----------
    table : `seen`
    """
    of_classes = table["flips"].iloc[1:]
    quartiles = of_classes.quantile(QUARTILES).tolist() if len(of_classes) else []
    rates = {float(f"{rate:.2g}") for rate in [table["flips"].iloc[0], *quartiles]}
    return sorted(rates - {0.0})


def examples_table(
    *, flips: Sequence[float], changes: Sequence[float], alpha: float = 0.05, power: float = 0.8
) -> pd.DataFrame:
    """The examples that show a change, for each share of answers that flip.

    Columns: flips, change, examples; empty where a million do not suffice. Where the change is larger than the flips,
    as many answers flip as it says.
    """
    grid = pd.MultiIndex.from_product([flips, changes], names=["flips", "change"]).to_frame(index=False)
    needed = [examples_needed(flips=rate, change=change, alpha=alpha, power=power) for rate, change in grid.to_numpy()]
    return grid.assign(examples=pd.array(needed, dtype="Int64"))


def examples_text(table: pd.DataFrame, *, power: float, alpha: float) -> str:
    """Examples for each change (across, in points) and share of answers that flip (down, in per cent)."""
    grid = table.pivot(index="flips", columns="change", values="examples").astype(object)
    shown = grid.where(grid.notna(), f"> {MOST:,}").rename_axis(index=None, columns=None)
    shown.index = pd.Index([f"{100 * rate:g} %" for rate in grid.index])
    shown.columns = [f"{100 * change:g} points" for change in grid.columns]
    head = (
        f"Examples on which a pair of models shows a change of accuracy or recall with power {power:g}, p < {alpha:g}"
    )
    by = "by the share of answers that break (right, then wrong) or are fixed"
    return f"{head} (McNemar),\n{by}\n{shown.to_string()}"


def seen_text(table: pd.DataFrame, *, power: float) -> str:
    """What a change would have had to be, in points of accuracy and of each class's recall."""
    points = (100 * table[["change", "detectable", "detectable_fdr"]]).round(2)
    shown = points.set_axis(["change seen", "detectable", "detectable at FDR"], axis=1)
    shown.insert(0, "broken or fixed, %", (100 * table["flips"]).round(2))
    shown.insert(0, "examples", table["examples"])
    shown.index = pd.Index(table["class"].astype(str), name="class")
    head = f"Changes that this pair would have shown with power {power:g} (McNemar), in points"
    return f"{head}\n{shown.to_string(na_rep='none')}"


def plan_pair(comparison: Comparison, *, changes: Sequence[float], alpha: float, power: float) -> str:
    """Both tables as text: how many examples show these changes, and what this pair could not have seen.

    Raises
    ------
    InputError
        As `seen`; or where a change is not in (0, 1].
    """
    table = seen(comparison, alpha=alpha, power=power)
    rates, text = flip_rates(table), seen_text(table, power=power)
    if not rates:
        return text
    needed = examples_table(flips=rates, changes=changes, alpha=alpha, power=power)
    return f"{examples_text(needed, power=power, alpha=alpha)}\n\n{text}"
