"""Exact tests of examples: how often they find a change where nothing changes."""

from collections.abc import Iterator

import numpy as np

from bench.statistics.populations import Kind, right
from bench.statistics.rate import Rate
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.statistics import pie

ALPHA, RUNS, MEMBERS, EXAMPLES = 0.05, 400, 10, 400


def studied(rng: np.random.Generator, *, paired: bool) -> Comparison:
    """Two populations of ten that say class 1 where they are right."""
    sides = right(rng, Kind(), members=(MEMBERS, MEMBERS), sizes=[EXAMPLES], paired=paired)
    ids, label = np.arange(EXAMPLES), np.ones(EXAMPLES, dtype=np.int64)
    one, other = (Population(ids, np.arange(MEMBERS), label, side.astype(np.int64)) for side in sides)
    return Comparison(one, other, np.arange(2), ids, "paired" if paired else "independent")


def rows() -> Iterator[Rate]:
    """Single tests, and any of all examples at a false discovery rate."""
    for paired in (False, True):
        rng = np.random.default_rng(2)
        graded = [pie.table(studied(rng, paired=paired), ties="member") for _ in range(RUNS)]
        name = f"exact test of an example, {MEMBERS} {'pairs' if paired else f'v {MEMBERS}'}"
        rate = float(np.mean([(table["p"] < ALPHA).mean() for table in graded]))
        yield Rate(f"{name}: p < 0.05", rate, ALPHA, RUNS, "at most")
        alarms = float(np.mean([(table["q"] < ALPHA).any() for table in graded]))
        yield Rate(f"{name}: any q < 0.05", alarms, ALPHA, RUNS, "at most")
