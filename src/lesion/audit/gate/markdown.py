"""verdict.md: a verdict for a pull request, in GitHub's Markdown."""

import re
from collections.abc import Sequence

from lesion.audit.gate.budget import ReadBudget
from lesion.audit.gate.contract import Judged, Status, Verdict
from lesion.audit.gate.judge import overall
from lesion.audit.gate.wording import about, counts, hundredths, in_order, interval, points, shown, subject

ROWS = 15
SIGNS: dict[Status, str] = {"passed": "✅ passed", "failed": "❌ failed", "inconclusive": "❔ inconclusive"}
SILENT = "&#8203;"  # of no width: what it parts is no mention, no reference and no link


def verdict_markdown(budget: ReadBudget, verdicts: Sequence[Verdict]) -> str:
    """The verdict on each candidate, and the limits that did not pass before those that did most narrowly."""
    said = [
        f"### Compression budget: {SIGNS[overall(verdicts)]}",
        "",
        *(f"- **{escaped(one.candidate)}** {SIGNS[one.status]}: {counts(one)}" for one in verdicts),
        "",
        *_table(verdicts),
        "",
        f"Numbers are percentage points. The chance that any verdict is wrong is at most "
        f"{100 * (1 - budget.budget.sure):.3g} %. Budget: {escaped(budget.name)}, sha256 {budget.sha256[:12]}.",
        *(f"\n> {escaped(note)}" for note in budget.notes),
    ]
    return "\n".join(said) + "\n"


def _table(verdicts: Sequence[Verdict]) -> list[str]:
    every = in_order(verdicts)
    said = [
        "| candidate | limit | measured | interval | at most | examples | |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
        *(_row(name, judged) for name, judged in every[:ROWS]),
    ]
    left = [judged.status for _, judged in every[ROWS:]]
    if left:
        kinds = ", ".join(f"{left.count(status)} {status}" for status in SIGNS if status in left)
        said += ["", f"{len(left)} more limits are in verdict.json ({kinds})."]
    return said


def _row(candidate: str, judged: Judged) -> str:
    limit, measured = judged.limit, judged.measured
    known = measured.low == measured.low and measured.high == measured.high
    lost = f"{subject(limit)}{', loss' if limit.measure == 'loss' else ', rise' if limit.measure == 'ece' else ''}"
    cells = (
        escaped(candidate),
        escaped(lost),
        points(measured.estimate) if known else "",
        interval(measured) if known else "",
        hundredths(limit.at_most),
        _count(judged),
        SIGNS[judged.status],
    )
    return f"| {' | '.join(cells)} |"


def _count(judged: Judged) -> str:
    measured = judged.measured
    if judged.status != "inconclusive" or measured.needed is None:
        return f"{measured.examples:,}"
    return f"{measured.examples:,} of about {about(measured.needed)}"


def escaped(text: str) -> str:
    """Text from data that Markdown shows as it is: no markup, no HTML, no mention, no reference, no link."""
    line = " ".join(shown(text).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_{}\[\]()+.!|~$-])", r"\\\1", line).replace("#", f"#{SILENT}")
    return line.replace("@", f"@{SILENT}").replace("://", f":{SILENT}//").replace("www", f"ww{SILENT}w")
