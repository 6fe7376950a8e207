"""What a gate is made of: limits, what was measured of each, and the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lesion.audit.comparison.source import Source

Status = Literal["passed", "failed", "inconclusive"]

Measure = Literal["loss", "broken", "ece"]
"""loss: how much accuracy, a class's recall or a group's accuracy falls. broken: the share of the examples whose answer
is right before and wrong after (of populations: forgotten, by modal labels). ece: how much the calibration error rises.
"""


FILES = ("verdict.json", "verdict.md", "verdict.xml")
"""The files that tell a verdict, to programs, in a pull request, and in the report of tests."""


@dataclass(frozen=True)
class Limit:
    """One limit of a budget, on one part of the examples.

    Attributes
    ----------
    measure : what is limited
    attribute : "all", "class", or the attribute that a group belongs to
    group : of the attribute; "all" for all examples
    at_most : the largest value that is within the budget, as a fraction: 0.01 is one point
    least_examples : with fewer, the limit is inconclusive
    """

    measure: Measure
    attribute: str
    group: str
    at_most: float
    least_examples: int = 1


@dataclass(frozen=True)
class Measured:
    """What was measured of a limit, as fractions.

    Attributes
    ----------
    estimate : the value in these examples
    low : the true value is above, but for a chance of the level of failing
    high : the true value is below, but for a chance of the level of passing
    examples : how many examples it is about
    needed : about how many examples decide, if rates stay as they are; None where no number does
    """

    estimate: float
    low: float
    high: float
    examples: int
    needed: int | None


@dataclass(frozen=True)
class Judged:
    """A limit with its status, and the sentence that says why."""

    limit: Limit
    measured: Measured
    status: Status
    said: str


@dataclass(frozen=True)
class Verdict:
    """The verdict on a candidate: failed if a limit is, else inconclusive if one is, else passed.

    Attributes
    ----------
    candidate : its name
    sure : the chance of a wrong verdict is at most one less this
    sources : the files that were compared; empty for arrays
    """

    candidate: str
    status: Status
    sure: float
    judged: tuple[Judged, ...]
    sources: tuple[Source, ...] = ()


def status_of(statuses: Sequence[Status]) -> Status:
    """The status of several together: failed if one is, else inconclusive if one is, else passed."""
    return next((status for status in ("failed", "inconclusive") if status in statuses), "passed")
