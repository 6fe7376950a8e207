"""How many examples show a loss of a single pair of models, given how many of its answers flip.

Flips are answers that break (right, then wrong) or are fixed. McNemar's exact test asks whether as many break as are
fixed. Its power is a mean over two binomial distributions: how many of the examples flip, and how many of these break
(exact unconditional power; Duffy, Biometrics 40, 1984).
"""

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.errors import InputError

Floats = npt.NDArray[np.float64]

MOST = 1_000_000  # examples; hardly any test set has more
DEVIATIONS = 8  # of the number of flips: what lies beyond has a chance below 1e-14


def check(*, alpha: float, power: float) -> None:
    """Raise an InputError where the chance to find a loss is not above that to find one where none is."""
    if not 0 < alpha < power < 1:
        raise InputError(f"power: expected alpha < power < 1, found alpha {alpha} and power {power}")


def critical(flips: npt.NDArray[np.int64], alpha: float) -> Floats:
    """The largest count of the rarer kind of flip with which McNemar's exact p is below alpha; −1 where none has.

    Parameters
    ----------
    flips : int64 (k,), 0 and up

    Returns
    -------
    float64 (k,), whole numbers
    """
    with np.errstate(invalid="ignore"):
        count = np.floor(np.nan_to_num(special.bdtrik(alpha / 2, flips, 0.5), nan=-1.0))
    count = np.minimum(count + 1, np.floor(flips / 2))  # bdtrik may be off in its last digits
    for _ in range(2):
        reached = (count >= 0) & (2 * special.bdtr(np.maximum(count, 0), flips, 0.5) >= alpha)
        count = count - reached
    return np.asarray(count)


def mcnemar_power(examples: int, *, flips: float, change: float, alpha: float) -> float:
    """The chance that McNemar's exact test of two sides finds a change at p < alpha.

    Parameters
    ----------
    flips : the share of examples that break or are fixed, in [0, 1]
    change : the share that break less the share that are fixed, in absolute terms, in [0, 1]. Where it is more than
        `flips`, as many answers flip as it says, all the same way.
    """
    flips = max(flips, change)
    if not flips:
        return 0.0
    mean, spread = examples * flips, (examples * flips * (1 - flips)) ** 0.5
    low, high = max(0.0, mean - DEVIATIONS * spread - 9), min(float(examples), mean + DEVIATIONS * spread + 9)
    number = np.arange(int(low), int(high) + 1)
    chance = special.xlogy(number, flips) + special.xlog1py(examples - number, -flips)
    chance = chance - special.betaln(number + 1, examples - number + 1)
    chance = np.exp(chance - chance.max())
    rarer, breaks = critical(number, alpha), (1 + change / flips) / 2
    below, found = np.maximum(rarer, 0), rarer >= 0
    tails = special.bdtr(below, number, breaks) + special.bdtr(below, number, 1 - breaks)
    return float(chance @ np.where(found, tails, 0.0) / chance.sum())


def examples_needed(*, flips: float, change: float, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """How many examples show a change.

    Power rises with their number but for tiny steps, among which bisection finds one.

    Parameters
    ----------
    flips, change : as in `mcnemar_power`

    Returns
    -------
    int; None where a million examples do not suffice

    Raises
    ------
    InputError
        Where a share is out of range.
    """
    check(alpha=alpha, power=power)
    if not 0 < change <= 1 or not 0 <= flips <= 1:
        raise InputError(f"power: a change must lie in (0, 1] and a share of flips in [0, 1], found {change}, {flips}")
    if mcnemar_power(MOST, flips=flips, change=change, alpha=alpha) < power:
        return None
    few, enough = 1, 2
    while mcnemar_power(enough, flips=flips, change=change, alpha=alpha) < power:
        few, enough = enough, 2 * enough
    while enough - few > 1:
        middle = (few + enough) // 2
        reached = mcnemar_power(middle, flips=flips, change=change, alpha=alpha) >= power
        few, enough = (few, middle) if reached else (middle, enough)
    return enough


def detectable_change(examples: int, *, flips: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """The least change that so many examples show, in (0, 1]; NaN where they show none.

    Parameters
    ----------
    flips : as in `mcnemar_power`
    """
    check(alpha=alpha, power=power)

    def found(change: float) -> bool:
        return mcnemar_power(examples, flips=flips, change=change, alpha=alpha) >= power

    if not found(1.0):
        return float("nan")
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return high
