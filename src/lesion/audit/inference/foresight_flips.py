"""How many answers flip if logits move by a normal error: one parameter, the size of the perturbation.

An answer with the log margin m flips with the chance Φ(−m / s) if compression moves the difference of the two logits by
a normal error of standard deviation s.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

STEPS = 25  # halvings of the search for a size
LEAST, MOST = 1e-3, 1e3  # sizes that are searched, in nats
PARTS = 10


def flip_chance(margin: Floats, size: float) -> Floats:
    """The chance that each answer flips: float64, same shape; one half where the margin is 0.

    Parameters
    ----------
    margin : float64, log margins (`foresight_scores.log_margin`)
    size : of the perturbation, in nats, as the margins are; above 0
    """
    return np.asarray(special.ndtr(-margin / size))


def fitted_size(margin: Floats, flips: float) -> float:
    """The size with which as many flips are expected as were seen; NaN where none was, or more than any size gives.

    Parameters
    ----------
    margin : float64, log margins of all answers
    flips : how many of them flipped
    """
    if flips <= 0 or flips >= flip_chance(margin, MOST).sum():
        return float("nan")
    low, high = np.log(LEAST), np.log(MOST)
    for _ in range(STEPS):
        middle = (low + high) / 2
        if flip_chance(margin, float(np.exp(middle))).sum() < flips:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


@dataclass(frozen=True)
class Misplaced:
    """Where flips were expected that were seen elsewhere, as a share of the flips.

    Attributes
    ----------
    share : of the flips that are expected in another tenth of the examples, by their chance, than they are seen in
    by_chance : about what it would be if the chances were true
    """

    share: float
    by_chance: float


def misplaced(chance: Floats, flipped: Floats) -> Misplaced:
    """Compare expected with observed flips in tenths of the examples, by their chance; NaN without a flip.

    Half the sum of the absolute differences, over the number of flips. Chance gives a count of variance v a mean
    absolute difference of √(2 v / π), and never more than twice its expectation.

    Parameters
    ----------
    chance : float64 (examples,)
    flipped : float64 (examples,), 1, 0, or the share of members of which the answer flipped
    """
    total = float(flipped.sum())
    if not total:
        return Misplaced(float("nan"), float("nan"))
    tenths = np.array_split(np.argsort(-chance, kind="stable"), PARTS)
    expected, seen, variance = (
        np.array([values[tenth].sum() for tenth in tenths]) for values in (chance, flipped, chance * (1 - chance))
    )
    by_chance = np.minimum(np.sqrt(2 * variance / np.pi), 2 * expected)
    return Misplaced(float(np.abs(expected - seen).sum()) / 2 / total, float(by_chance.sum()) / 2 / total)
