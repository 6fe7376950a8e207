"""What the page says of verdicts: the answer to whether a candidate keeps its budget, and which limits decide."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lesion.audit.gate.contract import Judged, Verdict

ANSWERS = {
    "passed": "{} is within the budget.",
    "failed": "{} is not within the budget.",
    "inconclusive": "These examples cannot tell whether {} is within the budget.",
}
TITLES = {"passed": "Passed", "failed": "Failed", "inconclusive": "Inconclusive"}


@dataclass(frozen=True)
class Decided:
    """A verdict as the template takes it.

    Attributes
    ----------
    deciding : the limits that failed, then those that cannot be decided
    """

    status: str
    title: str
    said: str
    deciding: Sequence[Judged]
    passed: Sequence[Judged]


def answer(verdicts: Sequence[Verdict]) -> str:
    """The sentence that the page begins with."""
    if len(verdicts) == 1:
        return ANSWERS[verdicts[0].status].format(verdicts[0].candidate)
    count = Counter(verdict.status for verdict in verdicts)
    kept = (
        f"{count['passed']} of {len(verdicts)} candidates {'is' if count['passed'] == 1 else 'are'} within the budget"
    )
    parts = [kept, f"{count['failed']} {'is' if count['failed'] == 1 else 'are'} not"] if count["failed"] else [kept]
    if count["inconclusive"]:
        parts.append(f"of {count['inconclusive']} these examples cannot tell")
    return f"{', '.join(parts)}."


def decided(verdict: Verdict) -> Decided:
    """How many limits passed, failed and cannot be decided, and each of them."""
    by = {status: [one for one in verdict.judged if one.status == status] for status in TITLES}
    many = len(verdict.judged)
    said = (
        f"Of {many:,} {'limit' if many == 1 else 'limits'} of the budget {len(by['passed']):,} passed,"
        f" {len(by['failed']):,} failed, and {len(by['inconclusive']):,} cannot be decided. The chance that the verdict"
        f" is wrong is at most {100 * (1 - verdict.sure):.3g}\N{NO-BREAK SPACE}%."
    )
    deciding = [*by["failed"], *by["inconclusive"]]
    return Decided(verdict.status, TITLES[verdict.status], said, deciding, by["passed"])
