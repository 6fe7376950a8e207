"""Whether the test of who gets more computation keeps its level, and its interval holds the truth: few PIE, many ties.

Images of ten classes get an amount of computation each: one network with three amounts, of which 85 % of the images get
the same; the mean of ten networks with two amounts; or a continuous amount. PIE get as much as others, or more.
"""

from collections.abc import Callable, Iterator
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from bench.statistics.rate import Rate
from lesion.audit.inference import more_or_less

Floats = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]
Amounts = Callable[[np.random.Generator, Classes, float], Floats]

IMAGES, CLASSES = 899, 10
PIE = (3, 5, 10, 20, 50)
STUDIES, DRAWS = 1_000, 199
LARGE = 40_000
PROMISED, ALPHA = 0.95, 0.05


def three(rng: np.random.Generator, label: Classes, more: float) -> Floats:
    """One network, which gives 85 % of the images the same."""
    ends = np.array([0.85 - 0.4 * more, 0.95 - 0.2 * more])
    return np.asarray((rng.random(len(label))[:, None] > ends).sum(axis=1) + label % 3, dtype=np.float64)


def ten(rng: np.random.Generator, label: Classes, more: float) -> Floats:
    """The mean of ten networks with two amounts."""
    return np.asarray(rng.binomial(10, 0.2 + 0.05 * (label % 4) / 3 + 0.15 * more) / 10)


def continuous(rng: np.random.Generator, label: Classes, more: float) -> Floats:
    """No two images get the same."""
    return np.asarray(rng.normal(0.3 * label + more, 1))


KINDS: dict[str, Amounts] = {
    "85 % of the images get the same": three,
    "mean of ten networks with two amounts": ten,
    "all amounts differ": continuous,
}


def truth(amounts: Amounts, more: float) -> float:
    """The effect among very many images."""
    rng = np.random.default_rng(1)
    label = np.repeat(np.arange(CLASSES), LARGE // CLASSES)
    found = []
    for one in range(CLASSES):
        own, others = amounts(rng, label[label == one], more), np.sort(amounts(rng, label[label == one], 0.0))
        smaller, larger = (np.searchsorted(others, own, side=side) for side in ("left", "right"))
        found.append((smaller - (len(others) - larger)).mean() / len(others))
    return float(np.mean(found))


def measured(amounts: Amounts, more: float, pie: int) -> tuple[float, float]:
    """Share of studies whose p is at most 0.05, and of those whose interval holds the truth."""
    rng, known = np.random.default_rng(2), truth(amounts, more)
    below = covered = 0
    with patch.object(more_or_less, "DRAWS", DRAWS):
        for _ in range(STUDIES):
            label = rng.integers(0, CLASSES, IMAGES)
            chosen = np.isin(np.arange(IMAGES), rng.choice(IMAGES, pie, replace=False))
            values = np.where(chosen, amounts(rng, label, more), amounts(rng, label, 0.0))
            found = more_or_less.difference(values, chosen, label, rng)
            below += found.p <= ALPHA
            covered += found.low <= known <= found.high
    return below / STUDIES, covered / STUDIES


def rows() -> Iterator[Rate]:
    """Level where PIE get as much as others, coverage there and where they get more."""
    for name, amounts in KINDS.items():
        for more in (0.0, 0.5, 1.0):
            for pie in PIE:
                below, covered = measured(amounts, more, pie)
                case = f"{name}, {pie} PIE that get {'more' if more else 'as much'} (by {more:g})"
                if not more:
                    yield Rate(f"computation: p ≤ 0.05, {case}", below, ALPHA, STUDIES, "at most")
                yield Rate(f"computation: interval holds the truth, {case}", covered, PROMISED, STUDIES, "at least")
