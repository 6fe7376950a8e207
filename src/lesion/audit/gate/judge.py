"""The verdict on each candidate: its limits, what was measured of each, and whether that decides.

How sure. All K candidates meet the same limits on the same examples, and alpha = 1 - sure is shared out equally among
them. A candidate passes where the upper bounds of all its limits lie below them, each at the level alpha / K (an
intersection-union test, Berger 1982: to pass, one that breaks a limit must get past the bound of that limit). It fails
where one lower bound lies above its limit; for that its alpha / K is shared out among the limits (Bonferroni), half of
it among those on all examples, so that limits on a thousand classes leave that on the accuracy its teeth. So one that
breaks the budget passes, and one that keeps it fails, with a chance of at most alpha / K, and over all candidates, good
and bad, the chance of any wrong verdict is at most alpha.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isnan, nan

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import AuditedCandidates
from lesion.audit.gate.budget import ReadBudget
from lesion.audit.gate.contract import Judged, Limit, Measured, Status, Verdict, status_of
from lesion.audit.gate.limits import ALL, CLASS, limits_of
from lesion.audit.gate.measure import measure
from lesion.audit.gate.wording import sentence

EXIT_CODES: Mapping[Status, int] = {"passed": 0, "failed": 1, "inconclusive": 3}
"""Of the command line; 2 is bad input."""


def judge(budget: ReadBudget, candidates: AuditedCandidates) -> tuple[Verdict, ...]:
    """The verdict on each candidate, in their order.

    Raises
    ------
    InputError
        Where the budget does not fit the predictions (`limits_of`).
    """
    return judge_all(budget, {one.name: one.audited.comparison for one in candidates.all})


def judge_all(budget: ReadBudget, candidates: Mapping[str, Comparison]) -> tuple[Verdict, ...]:
    """The same of comparisons by the name of the candidate, with nothing else audited."""
    limits = {name: limits_of(budget.budget, one, name=budget.name) for name, one in candidates.items()}
    alpha = round(1 - budget.budget.sure, 12) / len(candidates)
    found = []
    for name, comparison in candidates.items():
        measured = _measured(comparison, limits[name], alpha)
        judged = tuple(map(_judged, limits[name], measured))
        status = status_of([one.status for one in judged])
        found.append(Verdict(name, status, budget.budget.sure, judged, comparison.sources or ()))
    return tuple(found)


def _measured(comparison: Comparison, limits: Sequence[Limit], alpha: float) -> list[Measured]:
    """What is measured of each limit; of a class that no example has, that there are none."""
    present = set(map(str, comparison.named(comparison.present)))
    whole = [place for place, limit in enumerate(limits) if limit.attribute == ALL]
    parts = [place for place, limit in enumerate(limits) if limit.attribute != ALL]
    found = [Measured(nan, nan, nan, 0, None)] * len(limits)
    for places in filter(None, (whole, parts)):
        level = alpha / len(places) / (2 if whole and parts else 1)
        there = [place for place in places if limits[place].attribute != CLASS or limits[place].group in present]
        values = measure(comparison, [limits[place] for place in there], pass_level=alpha, fail_level=level)
        for place, value in zip(there, values, strict=True):
            found[place] = value
    return found


def _judged(limit: Limit, measured: Measured) -> Judged:
    if measured.examples < limit.least_examples:
        measured = replace(measured, needed=max(limit.least_examples, measured.needed or 0))
    status = _status(limit, measured)
    return Judged(limit, measured, status, sentence(limit, measured, status))


def _status(limit: Limit, measured: Measured) -> Status:
    """A value at the limit is within the budget."""
    if measured.examples < limit.least_examples or isnan(measured.low) or isnan(measured.high):
        return "inconclusive"
    if measured.low > limit.at_most:
        return "failed"
    return "passed" if measured.high <= limit.at_most else "inconclusive"


def overall(verdicts: Sequence[Verdict]) -> Status:
    """The status of all candidates together: failed if one is, else inconclusive if one is, else passed."""
    return status_of([verdict.status for verdict in verdicts])
