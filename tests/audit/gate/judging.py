"""Comparisons to judge, and verdicts."""

from typing import Any

import numpy as np

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.gate.contract import Judged, Limit, Measured, Status, Verdict, status_of
from lesion.audit.gate.wording import sentence
from tests import compared, synthetic


def comparison(
    seed: int = 0, *, examples: int = 600, classes: int = 3, skill: Any = 0.9, before: Any = 0.9, **known: Any
) -> Comparison:
    """One model a side, with this skill in all or in each class; with the attribute `side`, of `left` and `right`."""
    rng = np.random.default_rng(seed)
    label = synthetic.labels(rng, examples, classes)
    sides = [
        synthetic.population(rng, label, members=1, classes=classes, skill=one, confidence=True)
        for one in (before, skill)
    ]
    known.setdefault("groups", {"side": np.where(np.arange(examples) % 2 == 0, "left", "right")})
    known.setdefault("names", tuple(("cat", "dog", "emu", "fox", "gnu")[:classes]))
    return compared.compared(*sides, classes=classes, **known)


def judged(status: Status, group: str = "cat", **known: Any) -> Judged:
    """A limit on the recall of a class, with this status."""
    low, high = {"passed": (-0.01, 0.02), "failed": (0.08, 0.2), "inconclusive": (0.01, 0.2)}[status]
    limit = Limit("loss", known.pop("attribute", "class"), group, at_most=0.05)
    measured = Measured(**({"estimate": 0.02, "low": low, "high": high, "examples": 100, "needed": 250} | known))
    return Judged(limit, measured, status, sentence(limit, measured, status))


def verdict(candidate: str, *limits: Judged) -> Verdict:
    """A verdict on these limits."""
    return Verdict(candidate, status_of([one.status for one in limits]), 0.95, limits)
