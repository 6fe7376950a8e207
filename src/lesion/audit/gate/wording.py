"""What is said of a limit and of a verdict, for people."""

import re
from collections.abc import Sequence
from math import isnan

from lesion.audit.gate.contract import Judged, Limit, Measured, Status, Verdict
from lesion.audit.gate.limits import ALL, CLASS
from lesion.audit.wording import MINUS


def sentence(limit: Limit, measured: Measured, status: Status) -> str:
    """What was measured, with its interval and the limit; where that does not decide, how many examples would."""
    if measured.examples < limit.least_examples:
        return (
            f"{subject(limit)} cannot be judged: {_examples(measured.examples)}, and the budget asks for "
            f"{limit.least_examples:,}."
        )
    if isnan(measured.low) or isnan(measured.high):
        return f"{subject(limit)} cannot be measured on {_examples(measured.examples)}."
    found = f"{_found(limit, measured)}; at most {hundredths(limit.at_most)} is allowed"
    if status == "inconclusive":
        return f"{found}, which lies between: inconclusive. {_needed(measured)}"
    return f"{found}: {status}."


def shown(text: str) -> str:
    """Text from data without what XML and terminals cannot take: control characters and lone surrogates."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", text)


def subject(limit: Limit) -> str:
    """What is limited: "Recall of class cat"."""
    if limit.measure == "loss":
        if limit.attribute == ALL:
            return "Accuracy"
        return f"{'Recall' if limit.attribute == CLASS else 'Accuracy'} of {part(limit)}"
    said = "Answers broken" if limit.measure == "broken" else "Calibration error"
    return said if limit.attribute == ALL else f"{said} of {part(limit)}"


def part(limit: Limit) -> str:
    """Which examples: "all examples", "class cat", "benchmark arc"."""
    return "all examples" if limit.attribute == ALL else shown(f"{limit.attribute} {limit.group}")


def hundredths(fraction: float) -> str:
    """A limit in points, as it was written: 1, 0.5."""
    return f"{100 * fraction:.6g}"


def points(fraction: float) -> str:
    """A measured fraction in points, two decimals and a typographic minus."""
    text = f"{100 * fraction:.2f}".replace("-", MINUS)
    return text[1:] if text == f"{MINUS}0.00" else text


def interval(measured: Measured) -> str:
    """Its bounds in points: "0.12 to 1.04"."""
    return f"{points(measured.low)} to {points(measured.high)}"


def _found(limit: Limit, measured: Measured) -> str:
    if limit.measure == "broken":
        return f"{subject(limit)}: {points(measured.estimate)} % of {measured.examples:,} ({interval(measured)})"
    worse, better = ("falls", "rises") if limit.measure == "loss" else ("rises", "falls")
    if measured.estimate >= 0:
        return f"{subject(limit)} {worse} by {points(measured.estimate)} points ({interval(measured)})"
    other = "a loss" if limit.measure == "loss" else "a rise"
    return f"{subject(limit)} {better} by {points(-measured.estimate)} points ({other} of {interval(measured)})"


def _examples(count: int) -> str:
    return f"{count:,} example{'' if count == 1 else 's'}"


def _needed(measured: Measured) -> str:
    if measured.needed is None:
        return "The value is too close to the limit for more examples to decide."
    return f"About {about(measured.needed)} examples would decide; there are {measured.examples:,}."


def about(count: int) -> str:
    """A count to two digits: "18,000"."""
    return f"{float(f'{count:.2g}'):,.0f}"


def in_order(verdicts: Sequence[Verdict]) -> list[tuple[str, Judged]]:
    """The limits of all candidates: failed ones first, then inconclusive ones, then those that passed most narrowly.

    Failed and inconclusive ones are in the order of the budget.
    """
    ranks: dict[Status, int] = {"failed": 0, "inconclusive": 1, "passed": 2}
    every = [(verdict.candidate, judged) for verdict in verdicts for judged in verdict.judged]

    def rank(entry: tuple[str, Judged]) -> tuple[int, float]:
        judged = entry[1]
        room = judged.limit.at_most - judged.measured.high
        return ranks[judged.status], room if judged.status == "passed" else 0.0

    return sorted(every, key=rank)


def headline(verdicts: Sequence[Verdict]) -> str:
    """The status of each candidate: "int4 failed, int8 is inconclusive, int6 passed"."""
    said: dict[Status, str] = {"passed": "passed", "failed": "failed", "inconclusive": "is inconclusive"}
    return ", ".join(f"{shown(verdict.candidate)} {said[verdict.status]}" for verdict in verdicts)


def counts(verdict: Verdict) -> str:
    """How many limits have which status: "1 of 12 limits failed, 3 are inconclusive"."""
    statuses = [judged.status for judged in verdict.judged]
    failed, open_ = statuses.count("failed"), statuses.count("inconclusive")
    total = f"{len(statuses)} limit{'' if len(statuses) == 1 else 's'}"
    if not failed and not open_:
        return f"{total} kept"
    parts = [f"{failed} of {total} failed"] if failed else []
    if open_:
        parts.append(f"{open_}{'' if failed else f' of {total}'} {'is' if open_ == 1 else 'are'} inconclusive")
    return ", ".join(parts)


def lines(verdicts: Sequence[Verdict]) -> list[str]:
    """For a log: a line a candidate, and the `reasons`."""
    return [*(f"{headline([verdict])}: {counts(verdict)}." for verdict in verdicts), *reasons(verdicts)]


def reasons(verdicts: Sequence[Verdict], most: int = 10) -> list[str]:
    """The sentences of the first limits that did not pass, failed ones first."""
    broken = [(name, judged) for name, judged in in_order(verdicts) if judged.status != "passed"]
    several = len(verdicts) > 1
    said = [f"  {f'{shown(name)}: ' if several else ''}{judged.said}" for name, judged in broken[:most]]
    return said + ([f"  … and {len(broken) - most} more."] if len(broken) > most else [])
