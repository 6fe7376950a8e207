"""Small populations, and the audit of drawn members one draw at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lesion.audit.impact import class_impact
from lesion.audit.pie import grade
from lesion.audit.populations import Population
from lesion.audit.resampling import Drawn
from lesion.params.impact import Impact
from tests.synthetic import labels, population

CLASSES, RESAMPLES = 4, 30


def settings(normalise: str = "population") -> Impact:
    return Impact.read({"alpha": 0.2, "normalise": normalise}, where="audit.impact")


def made(*, members: int = 6, seed: int = 0, skill: float = 0.7, classes: int = CLASSES) -> Population:
    """Members of which the first classes suffer most; the labels are the same whatever the seed."""
    label = labels(np.random.default_rng(99), 60, classes)
    by_class = np.linspace(skill, 0.75, classes)
    return population(np.random.default_rng(seed), label, members=members, classes=classes, skill=by_class)


def picked(whole: Population, rows: Any) -> Population:
    """The population of these members, some of them several times, under new numbers."""
    return Population(
        example_id=whole.example_id,
        member=np.arange(len(rows), dtype=np.int16),
        label=whole.label,
        prediction=whole.prediction[rows],
        correct_top5=whole.correct_top5[rows],
    )


def counted(dense: Population, compressed: Population, using: Impact, classes: int = CLASSES) -> tuple[int, int]:
    """PIE and significant classes as the audit of one variant counts them."""
    graded = grade(dense, compressed, classes=classes)
    tested = class_impact(dense, compressed, classes=classes, settings=using)
    return sum(graded["pie"].to_pylist()), int(tested["significant"].sum())


def counted_draw_by_draw(
    dense: Population, compressed: Population, drawn: tuple[Drawn, Drawn], using: Impact, classes: int = CLASSES
) -> Iterator[tuple[int, int]]:
    """The counts between the drawn members of both populations, for each draw."""
    for rows, others in zip(*drawn, strict=True):
        yield counted(picked(dense, rows), picked(compressed, others), using, classes)
