"""What an audit prints: its findings in at most ten lines of 80 columns."""

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lesion.audit.contract import Audited, AuditedCandidates
from lesion.audit.gate.contract import Verdict
from lesion.audit.headline import headline, who_pays
from lesion.audit.statistics.calibration import ALL
from lesion.audit.statistics.flips import CLASS, words
from lesion.audit.wording import number, percent, points
from lesion.views.text import path_text, printable

LINES, WIDTH, LABEL = 10, 80, 10
WORST, LONGEST = 3, 24
"""How many classes or groups stand in a line, those that lose most; characters of a name."""
PLAIN = str.maketrans({"−": "-", "\N{NO-BREAK SPACE}": " ", "…": "...", "→": ">", "–": "-"})
"""Signs of our own sentences → what a terminal without them shows."""


def lines(candidates: AuditedCandidates, verdicts: Sequence[Verdict] = (), *, page: Path) -> list[str]:
    """The findings: of one candidate the headline and what is behind it, of several a line each.

    Parameters
    ----------
    verdicts : on the candidates, in their order, where there is a budget
    page : the page that was written
    """
    if len(candidates.all) == 1:
        found = _one(candidates.all[0].audited, verdicts[0] if verdicts else None)
    else:
        found = _several(candidates, {verdict.candidate: verdict for verdict in verdicts})
    where = path_text(page)
    return [*map(_cut, found), _labelled("Page", where)]  # a path is not cut off: it is to be copied


def encodable(line: str, encoding: str) -> str:
    """The line with simpler signs where the terminal's encoding lacks those of our sentences."""
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        return line.translate(PLAIN)
    return line


def _one(audited: Audited, verdict: Verdict | None) -> list[str]:
    """The headline in three lines at most, and six more."""
    said = _wrapped(printable(headline(audited)), 3)
    rows = [("Accuracy", _accuracy(audited)), *_parts(audited), ("ECE", _calibration(audited))]
    rows.append(("Notes", _notes([*audited.notes])))
    if verdict is not None:
        rows.append(("Verdict", _verdict(verdict)))
    return said + [_labelled(name, text) for name, text in rows if text]


def _labelled(name: str, text: str) -> str:
    return f"{name:<{LABEL}}{text}"


def _notes(notes: Sequence[str]) -> str:
    return f"{len(notes)} on the page: what cannot be said, and what to know" if notes else ""


def _verdict(verdict: Verdict) -> str:
    """The status, and of how many limits."""
    statuses = [judged.status for judged in verdict.judged]
    counts = ", ".join(f"{statuses.count(one):,} {one}" for one in dict.fromkeys(sorted(statuses)))
    return f"{verdict.status}: {len(statuses):,} limit{'' if len(statuses) == 1 else 's'}, {counts}"


def _accuracy(audited: Audited) -> str:
    """Accuracy before and after, its change, and answers broken and fixed; without labels, how many change."""
    whole, measures = audited.tables["flips"].iloc[0], audited.tables["effects"].set_index("measure")
    if "top1" not in measures.index:
        return ""
    row = measures.loc["top1"]
    interval = f"{points(row['change'])} [{points(row['low'])}, {points(row['high'])}]"
    lost, won = words(audited.tables["flips"])
    counts = f"{number(whole['broken'])} {lost}, {number(whole['fixed'])} {won}"
    return f"{percent(row['dense'])} → {percent(row['compressed'])}, {interval} points; {counts}"


def _parts(audited: Audited) -> list[tuple[str, str]]:
    """The classes and the groups that lose most, and the one that gains most, in points; those with a * are named."""
    if audited.comparison.label is None:
        return []
    told = who_pays(audited)
    sure = {(row["attribute"], row["group"]) for part in (told.lose, told.gain) for row in part.to_dict("records")}
    classes = audited.tables["impact"].rename(columns={"name": "group"}).assign(attribute=CLASS)
    errors = audited.tables["subgroups"]
    errors = errors[(errors["measure"] == "error") & (errors["attribute"] != ALL)]
    groups = errors.assign(change=-errors["change"])
    named = (("Classes", _changes(classes, sure)), ("Groups", _changes(groups, sure)))
    return [(name, text) for name, text in named if text]


def _changes(rows: pd.DataFrame, sure: set[tuple[str, str]]) -> str:
    if rows.empty:
        return ""
    ordered = rows.sort_values("change", kind="stable").to_dict("records")
    shown = [row for row in ordered[:WORST] if row["change"] < 0] + [row for row in ordered[-1:] if row["change"] > 0]
    names = [f"{_name(row)} {points(row['change'])}{'*' if _key(row) in sure else ''}" for row in shown]
    left = f" of {len(ordered):,}" if len(shown) < len(ordered) else ""
    return f"{', '.join(names) or 'none changes'}{left}{'; * sure' if any(map(_starred, names)) else ''}"


def _starred(name: str) -> bool:
    return name.endswith("*")


def _key(row: Mapping[Any, Any]) -> tuple[str, str]:
    return str(row["attribute"]), str(row["group"])


def _name(row: Mapping[Any, Any]) -> str:
    text = printable(str(row["group"]) if row["attribute"] == CLASS else f"{row['attribute']} {row['group']}")
    return _cut(text, LONGEST)


def _calibration(audited: Audited) -> str:
    table = audited.tables["calibration"]
    rows = table[(table["measure"] == "ece") & (table["attribute"] == ALL)]
    if rows.empty:
        return ""
    row = rows.iloc[0]
    ends = f"[{points(row['low'])}, {points(row['high'])}]"
    before, after = (f"{100 * row[side]:.1f}" for side in ("dense", "compressed"))
    return f"{before} → {after}, {points(row['change'])} {ends} points of calibration error"


def _several(candidates: AuditedCandidates, verdicts: Mapping[str, Verdict]) -> list[str]:
    """A line a candidate, as many as there is room for, below what the columns are."""
    kept = candidates.all[: LINES - 4] if len(candidates.all) > LINES - 3 else candidates.all
    rows = [["", *(["verdict"] if verdicts else []), "accuracy", *words(kept[0].audited.tables["flips"]), "pays most"]]
    for candidate in kept:
        verdict = [verdicts[candidate.name].status] if verdicts else []
        rows.append([_short(candidate.name), *verdict, *_cells(candidate.audited)])
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    found = ["  ".join(map(_padded, row, widths)).rstrip() for row in rows]
    if len(kept) < len(candidates.all):
        found.append(f"… and {len(candidates.all) - len(kept)} more on the page")
    notes = {note for candidate in candidates.all for note in candidate.audited.notes} | set(candidates.notes)
    return [*found, *([_labelled("Notes", _notes(sorted(notes)))] if notes else [])]


def _cells(audited: Audited) -> list[str]:
    """Change of accuracy with its interval, broken, fixed, and who loses most."""
    whole, measures = audited.tables["flips"].iloc[0], audited.tables["effects"].set_index("measure")
    if "top1" not in measures.index:
        return ["", f"{number(whole['changed'])} change", "", ""]
    row = measures.loc["top1"]
    told, classes = who_pays(audited), audited.tables["impact"].rename(columns={"name": "group"})
    worst, mark = (told.lose, "*") if len(told.lose) else (classes.assign(attribute=CLASS).nsmallest(1, "change"), "")
    first = worst.to_dict("records")[:1]
    who = [f"{_short(_name(one))} {points(one['change'])}{mark}" for one in first]
    interval = f"{points(row['change'])} [{points(row['low'])}, {points(row['high'])}]"
    return [interval, number(whole["broken"]), number(whole["fixed"]), *(who or [""])]


def _short(name: str) -> str:
    return _cut(printable(name), LONGEST // 2)


def _width(text: str) -> int:
    """Columns of a terminal: signs of East Asian scripts and emoji take two, those that join others none."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) > 0 for sign in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _cut(line: str, width: int = WIDTH) -> str:
    """The line on so many columns, the rest cut off."""
    if _width(line) <= width:
        return line
    while _width(line) >= width:
        line = line[:-1]
    return f"{line.rstrip()}…"


def _wrapped(text: str, most: int) -> list[str]:
    """The words on lines of 80 columns; what is beyond so many lines is cut off."""
    found = [""]
    for word in text.split(" "):
        longer = f"{found[-1]} {word}".lstrip()
        if _width(longer) > WIDTH and len(found) < most and found[-1]:
            found.append(word)
        else:
            found[-1] = longer
    return found
