"""What the page says of verdicts: the answer to whether a candidate keeps its budget, and which limits decide."""

from collections.abc import Sequence
from dataclasses import dataclass

from lesion.audit.gate.contract import Judged, Verdict

ANSWERS = {
    "passed": "{} is within the budget.",
    "failed": "{} is not within the budget.",
    "inconclusive": "These examples cannot tell whether {} is within the budget.",
}
NAMED = 60  # characters of all names together, from which candidates are counted instead
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
    names = {status: [one.candidate for one in verdicts if one.status == status] for status in TITLES}
    short = sum(len(one.candidate) for one in verdicts) <= NAMED
    said = {
        status: _listed(of) if short else f"{len(of)} of {len(verdicts)} candidates" for status, of in names.items()
    }
    verb = {status: "is" if len(of) == 1 else "are" for status, of in names.items()}
    parts = [f"{said['passed']} {verb['passed']} within the budget"] if names["passed"] else []
    if names["failed"]:
        parts.append(f"{said['failed']} {verb['failed']} not{'' if parts else ' within the budget'}")
    if names["inconclusive"]:
        parts.append(f"these examples cannot tell whether {said['inconclusive']} {verb['inconclusive']}")
    if parts and not names["passed"] and not names["failed"]:
        parts[0] += " within the budget"
    text = "; ".join(parts)
    return f"{text[0].upper() if parts[0].startswith('these') else text[0]}{text[1:]}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


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
