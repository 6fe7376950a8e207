"""The figures of an audit, each with what it takes to draw it: for files, and for notebooks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import matplotlib.figure
import pandas as pd

from lesion.audit.contract import Audited, AuditedCandidates
from lesion.audit.statistics.flips import CLASS
from lesion.audit.statistics.subgroups import ALL
from lesion.params.figure import Figure
from lesion.views.page import drawings, flips, trade
from lesion.views.page.candidates import comparable

NOISE = Figure(width=8.0, height=3.0, font_size=9.0)
CONFIDENCE = Figure(width=6.5, height=5.0, font_size=9.0)


@dataclass(frozen=True)
class Plot:
    """A figure.

    Attributes
    ----------
    size : of the figure and of its text
    draw : draws it, with the style applied
    texts : text from data that it shows
    """

    size: Figure
    draw: Callable[[], matplotlib.figure.Figure]
    texts: Sequence[str] = ()


def candidates(found: AuditedCandidates) -> Plot | None:
    """What candidates lose over what is gained; None where labels are not known, or without facts and classes."""
    if (shown := comparable(found)) is None:
        return None
    table, facts, fact = shown
    names = list(table["name"])
    return Plot(
        trade.size(names), partial(trade.drawn, table, facts, fact), [*names, *([] if fact is None else [fact])]
    )


def classes(audited: Audited) -> Plot | None:
    """How the recall of each class changes; of one pair of models what breaks and is fixed. None without classes."""
    if audited.comparison.single:
        table = flips.shown(audited.tables["flips"])
        return _flips(audited, table[table["attribute"] == CLASS])
    table = audited.tables["impact"]
    if table.empty:
        return None
    ordered = table.iloc[drawings.extremes(table["change"])]
    names = [str(name) for name in ordered["name"]]
    return _intervals(audited, "Which classes change more than the average?", ordered, names, unit="recall", sign=1)


def groups(audited: Audited) -> Plot | None:
    """How the error rate of each group changes; of one pair of models what breaks and is fixed. None without groups."""
    if audited.comparison.single:
        table = flips.shown(audited.tables["flips"])
        return _flips(audited, table[table["attribute"] != CLASS])
    table = audited.tables["subgroups"]
    errors = table[(table["measure"] == "error") & (table["attribute"] != ALL)]
    if errors.empty:
        return None
    ordered = errors.iloc[drawings.extremes(-errors["change"])]
    names = [f"{row['attribute']}: {row['group']}" for row in ordered.to_dict("records")]
    title = "Which groups change more than the average?"
    return _intervals(audited, title, ordered, names, unit="the error rate", sign=-1)


def changed(audited: Audited) -> Plot | None:
    """What breaks and is fixed in classes and groups together; of populations by modal labels. None without labels."""
    return _flips(audited, flips.shown(audited.tables["flips"]))


def reliability(audited: Audited) -> Plot | None:
    """How often answers of each confidence are right; None where confidences are not known."""
    bins = audited.tables["reliability"]
    return Plot(CONFIDENCE, partial(drawings.confidence, bins)) if len(bins) else None


def noise(audited: Audited) -> Plot | None:
    """How many answers differ, beside what other seeds alone change; None with too few models."""
    null = audited.tables["null"]
    return Plot(NOISE, partial(drawings.noise, null)) if len(null) else None


def _flips(audited: Audited, table: pd.DataFrame) -> Plot | None:
    if table.empty or table["change"].isna().all():
        return None
    ordered = table.iloc[drawings.extremes(table["change"])]
    names = [flips.named(row) for row in ordered.to_dict("records")]
    average = audited.tables["flips"]["change"].iloc[0]
    draw = partial(drawings.flips, ordered, names, average=average, alpha=audited.alpha)
    return Plot(drawings.size(len(ordered)), draw, names)


def _intervals(audited: Audited, title: str, ordered: pd.DataFrame, names: list[str], *, unit: str, sign: int) -> Plot:
    average = sign * audited.summary.loc["compressed", "top1_change"]
    draw = partial(drawings.intervals, title, ordered, names, average=average, unit=unit, alpha=audited.alpha)
    return Plot(drawings.size(len(names)), draw, names)
