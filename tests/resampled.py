"""Small populations, and the audit of drawn members one draw at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.recall import normalised, recalls, takes_own_accuracy
from lesion.audit.inference.resampling import Rows
from lesion.audit.inference.significance import t_test
from lesion.audit.statistics import pie
from lesion.params.design import Design
from lesion.params.impact import Impact
from tests.compared import compared
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
        correct_top5=whole.known_top5[rows],
    )


def plain_tests(comparison: Comparison, using: Impact) -> pd.DataFrame:
    """Significant classes by the t-tests of textbooks."""
    own, classes = takes_own_accuracy(using.normalise, paired=comparison.paired), len(comparison.present)
    before, after = (
        normalised(recalls(one.correct, comparison.stratum, classes), one.correct.mean(axis=1), own=own)
        for one in (comparison.dense, comparison.compressed)
    )
    p = t_test(after, before, paired=comparison.paired).p
    return pd.DataFrame({"significant": p < using.alpha, "significant_fdr": q_values(p) < using.alpha})


def counted(
    dense: Population, compressed: Population, using: Impact, classes: int = CLASSES, design: Design = "auto"
) -> tuple[int, ...]:
    """PIE, of them forgotten, learnt and moved, and significant classes, also at a false discovery rate."""
    comparison = compared(dense, compressed, classes=classes, design=design)
    tested = plain_tests(comparison, using)
    graded = pie.table(comparison, ties="label")
    before, after, label = (graded[name] for name in ("dense_label", "compressed_label", "label"))
    return (
        int((before != after).sum()),
        int(((before == label) & (after != label)).sum()),
        int(((before != label) & (after == label)).sum()),
        int(((before != label) & (after != label) & (before != after)).sum()),
        int(tested["significant"].sum()),
        int(tested["significant_fdr"].sum()),
    )


def counted_draw_by_draw(
    pool: Population, drawn: tuple[Rows, Rows], using: Impact, classes: int = CLASSES, design: Design = "auto"
) -> Iterator[tuple[int, ...]]:
    """The counts between the drawn rows of a pool, for each draw."""
    for rows, others in zip(*drawn, strict=True):
        yield counted(picked(pool, rows), picked(pool, others), using, classes, design)


def pooled(dense: Population, compressed: Population) -> Population:
    """The members of both, dense first."""
    return Population(
        example_id=dense.example_id,
        member=np.arange(len(dense.member) + len(compressed.member)),
        label=dense.label,
        prediction=np.concatenate([dense.prediction, compressed.prediction]),
        correct_top5=np.concatenate([dense.known_top5, compressed.known_top5]),
    )
