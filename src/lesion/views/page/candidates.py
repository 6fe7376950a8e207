"""What the page says of several candidates together: tables, and the figure of what is lost against what is gained."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from lesion.audit.contract import AuditedCandidates
from lesion.audit.statistics import flips
from lesion.audit.wording import MINUS, number, p_value, percent, points
from lesion.views.page import lost, page

Cells = tuple[list[str], list[list[str]]]
DIGITS = 4  # of a fact


def sections(found: AuditedCandidates) -> list[page.Table]:
    """The tables over candidates: of each, against each other, and of classes and groups."""
    table, between, parts = (found.tables[name] for name in ("candidates", "between", "parts"))
    shown = [_of_each(found, table)]
    if len(between):
        text = (
            "The same examples, candidate against candidate: how many one of them alone gets right. q is over all pairs"
            " of candidates."
        )
        shown.append(
            page.Table("Candidates against each other", text, "between.csv", *_pairs(between), len(between), names=2)
        )
    if len(parts):
        text = (
            "The classes and groups that change most. q allows for all candidates and all classes (or groups) at once:"
            " q, that it changes; q beside the rest, that it changes more or less than the other examples do."
        )
        few = parts.iloc[_largest(parts, found.all[0].audited.alpha)[: page.ROWS]]
        shown.append(page.Table("Who pays, in all candidates", text, "parts.csv", *_parts(few), len(parts), names=2))
    return shown


def comparable(found: AuditedCandidates) -> tuple[pd.DataFrame, pd.DataFrame, str | None] | None:
    """What a figure of candidates shows: their rows, their facts, and the first fact that is a number for any of them.

    None where labels are not known, or without facts and classes.
    """
    table, facts = found.tables["candidates"], found.tables["facts"]
    table = table[table["change"].notna()]
    numbers = facts.drop(columns="name").select_dtypes("number").columns
    fact = next((name for name in numbers if facts.set_index("name")[name].reindex(table["name"]).notna().any()), None)
    if table.empty or (fact is None and table["worst_class_change"].isna().all()):
        return None
    return (table if fact is not None else table[table["worst_class_change"].notna()]), facts, fact


def _of_each(found: AuditedCandidates, table: pd.DataFrame) -> page.Table:
    text = (
        "Each was compared with the same dense models on the same examples. The interval of the worst class, and of the"
        " worst group, allows for its being picked as the worst of many."
    )
    if table["corrected_change"].notna().any():
        text += " The corrected change is that of the best candidate less what being chosen as the best flatters it by."
    words = flips.words(found.all[0].audited.tables["flips"])
    if table["broken"].notna().any():
        text += f" {words[0].capitalize()}: right, then wrong; {words[1]}: wrong, then right."
    facts = [name for name in found.tables["facts"] if name != "name"]
    drawing = "" if (shown := comparable(found)) is None else lost.figure(*shown)
    return page.Table("Candidates", text, "candidates.csv", *_candidates(table, facts, words), len(table), drawing)


def _candidates(table: pd.DataFrame, facts: list[str], words: tuple[str, str]) -> Cells:
    return _filled([_candidate(row, facts, words) for row in table.to_dict("records")])


def _filled(rows: Sequence[Mapping[str, str]]) -> Cells:
    """Columns and rows; columns that hold nothing in any row are left out."""
    columns = [name for name in rows[0] if any(row[name] for row in rows)]
    return columns, [[row[name] for name in columns] for row in rows]


def _candidate(row: Mapping[Any, Any], facts: list[str], words: tuple[str, str]) -> dict[str, str]:
    cells = {"candidate": str(row["name"])} | {name.replace("_", " "): _fact(row[name]) for name in facts}
    cells["accuracy"] = _of(row["accuracy"], percent)
    cells["change"] = _interval(row, "change", "change")
    cells["corrected change"] = _of(row["corrected_change"], points)
    cells |= {word: _of(row[name], number) for name, word in zip(("broken", "fixed"), words, strict=True)}
    cells["p"] = _of(row["mcnemar_p"], p_value)
    for part in ("class", "group"):
        name = row[f"worst_{part}"]
        known = f"{name} {_interval(row, f'worst_{part}_change', f'worst_{part}')}" if isinstance(name, str) else ""
        cells[f"worst {part}"] = known
    cells["calibration error"] = _of(row["ece"], lambda value: f"{value:.4f}")
    cells["its change"] = _of(row["ece_change"], lambda value: f"{value:+.4f}".replace("-", MINUS))
    return cells


def _of(value: Any, said: Callable[[Any], str]) -> str:
    return "" if pd.isna(value) else said(value)


def _interval(row: Mapping[Any, Any], name: str, ends: str) -> str:
    """A change in points with the ends of its interval."""
    if pd.isna(row[name]):
        return ""
    return f"{points(row[name])} [{points(row[f'{ends}_low'])}, {points(row[f'{ends}_high'])}]"


def _fact(value: Any) -> str:
    if pd.isna(value):
        return ""
    return str(value) if isinstance(value, str) else f"{value:,.{DIGITS}g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _pairs(table: pd.DataFrame) -> Cells:
    columns = ["one", "other", "right in one alone", "right in the other alone", "accuracy, other less one", "p", "q"]
    rows = []
    for row in table.to_dict("records"):
        counts = number(row["only_one_right"]), number(row["only_other_right"])
        tested = p_value(row["p"]), p_value(row["q"])
        rows.append([row["one"], row["other"], *counts, _interval(row, "difference", "difference"), *tested])
    return columns, rows


def _largest(parts: pd.DataFrame, alpha: float) -> list[int]:
    """Places of the rows: those first that are sure to change, and of them those that lose most."""
    order = parts.reset_index(drop=True).assign(least=parts[["q", "q_beyond"]].min(axis=1).to_numpy())
    order["sure"] = order["least"] < alpha
    return [int(place) for place in order.sort_values(["sure", "change"], ascending=[False, True], kind="stable").index]


def _parts(table: pd.DataFrame) -> Cells:
    tests = {"p": "p", "q": "q", "p_beyond": "p beside the rest", "q_beyond": "q beside the rest"}
    return _filled(
        [
            {
                "class or group": f"{row['attribute']}: {row['group']}",
                "candidate": row["candidate"],
                "examples": number(row["examples"]),
                "change": _interval(row, "change", "change"),
                **{said: p_value(row[name]) for name, said in tests.items()},
            }
            for row in table.to_dict("records")
        ]
    )
