"""The sections of the page on answers that are broken and fixed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lesion.audit.contract import Audited
from lesion.audit.statistics.flips import ALL, CLASS, LABELS, NO_TEST, TESTS, words
from lesion.audit.wording import number, p_value, percent
from lesion.views.page import marks, page
from lesion.views.page.page import with_interval

FEW = 12  # pairs of labels that are shown at first


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


def group_rows(table: pd.DataFrame, *, bare: bool = False) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of groups and classes; with `bare` these are named without their attribute."""
    known, tested = table["broken"].notna().any(), _tested(table, ("p", "q", "p_beyond", "q_beyond"))
    lost, won = words(table)
    kinds = {"broken": lost, "fixed": won, "moved": "moved"} if known else {"changed": "changed"}
    headings = [name.replace("_beyond", ", against the rest") for name in tested]
    rows = []
    for row in table.to_dict("records"):
        counts = [f"{number(row[name])} ({percent(row[f'{name}_rate'])})" for name in kinds]
        change = [with_interval(row, "change")] if known else []
        who = str(row["group"]) if bare else named(row)
        rows.append([who, number(row["examples"]), *counts, *change, *(p_value(row[name]) for name in tested)])
    return ["class" if bare else "group", "examples", *kinds.values(), *(["change"] if known else []), *headings], rows


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


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the figure: classes and groups, those that lose most first."""
    part = table[~table["attribute"].isin((ALL, LABELS))]
    return part.sort_values(["change"], kind="stable")


def sections(audited: Audited) -> list[page.Table]:
    """The tables of classes and of groups, or one where there is only one kind of them."""
    table = audited.tables["flips"]
    ordered = of_groups(table)
    whole, classes = ordered["attribute"] == ALL, ordered["attribute"] == CLASS
    groups = ~whole & ~classes
    if not classes.any() or not groups.any():
        title = "Classes" if classes.any() else "Groups" if groups.any() else "Answers that change"
        return [_section(audited, title, explained(table), ordered)]
    rest = "Groups of examples, by what the files say of them."
    return [
        _section(audited, "Classes", explained(table), ordered[whole | classes]),
        _section(audited, "Groups", rest, ordered[whole | groups]),
    ]


def whole_section(audited: Audited) -> list[page.Table]:
    """All classes and groups in one table, where the tests of models stand elsewhere."""
    table = audited.tables["flips"]
    return [_section(audited, "Modal labels by class and group", explained(table), of_groups(table))]


def _section(audited: Audited, title: str, text: str, rows: pd.DataFrame) -> page.Table:
    few, whole = page.ends(rows), audited.tables["flips"].iloc[0]
    chart = None
    if few["change"].notna().any():
        chart = marks.flips(few, words=words(few), average=whole["change"], alpha=audited.alpha)
    return page.Table(title, text, "flips.csv", *group_rows(few, bare=title == "Classes"), len(rows), chart=chart)


def of_labels(audited: Audited) -> list[page.Table]:
    """Which answers became which; none where no answer changes."""
    table = audited.tables["flips"]
    pairs = table[table["attribute"] == LABELS]
    if pairs.empty:
        return []
    said = "Which answers became which, the most frequent first."
    return [
        page.Table(
            "From answer to answer", said, "flips.csv", *label_rows(pairs.head(page.ROWS)), len(pairs), first=FEW
        )
    ]
