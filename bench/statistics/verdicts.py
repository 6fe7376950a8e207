"""How often any verdict is wrong, where candidates are as near to their limits as can be, and judged together.

Candidates of one model a side are judged by limits on accuracy, on answers broken and on the recall of four classes.
"""

from collections.abc import Iterator

import numpy as np

from bench.statistics.rate import Rate
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.from_arrays import from_arrays
from lesion.audit.gate.budget import given_budget
from lesion.audit.gate.judge import judge_all

STUDIES, CLASSES, RIGHT, FIXED = 600, 4, 0.8, 0.02
AT, BY_A_HAIR, GAIN = 0.05, 0.0501, -0.02
"""Losses of recall: as large as the limit, larger by a hair, and a gain."""
BUDGET = given_budget({"version": 1, "all": {"loss": 5.0, "broken": 7.0}, "every_class": {"loss": 5.0}})
KEEPS, BREAKS = (AT,) * CLASSES, (BY_A_HAIR, *(GAIN,) * (CLASSES - 1))
CASES = {
    "two at all of their limits": (KEEPS,) * 2,
    "two that break one limit by a hair": (BREAKS,) * 2,
    "one of each": (KEEPS, BREAKS),
    "four that break one limit by a hair": (BREAKS,) * 4,
}


def _candidate(rng: np.random.Generator, before: np.ndarray, loss: tuple[float, ...]) -> Comparison:
    """Of 100 answers 2 are fixed and 2 are broken, and as many more as the class of the example loses, or gains."""
    label = np.arange(len(before)) % CLASSES
    lost, draw = np.array(loss)[label], rng.random(len(before))
    broken = before & (draw < (FIXED + np.maximum(lost, 0)) / RIGHT)
    fixed = ~before & (draw < (FIXED + np.maximum(-lost, 0)) / (1 - RIGHT))
    said = [np.where(right, label, (label + 1) % CLASSES) for right in (before, (before & ~broken) | fixed)]
    return from_arrays(said[0], said[1], label)


def rows() -> Iterator[Rate]:
    """A cell for each number of examples and kind of candidates."""
    for examples in (400, 2_000, 10_000):
        for name, losses in CASES.items():
            rng, wrong = np.random.default_rng(3), 0
            for _ in range(STUDIES):
                before = rng.random(examples) < RIGHT
                made = {str(place): _candidate(rng, before, loss) for place, loss in enumerate(losses)}
                verdicts = zip(judge_all(BUDGET, made), losses, strict=True)
                wrong += any(one.status == ("passed" if max(loss) > AT else "failed") for one, loss in verdicts)
            what = f"any verdict is wrong: candidates, {name}, {examples:,} examples"
            yield Rate(what, wrong / STUDIES, 0.05, STUDIES, "at most")
