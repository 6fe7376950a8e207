"""One-sided bounds of a share, and of a net loss, that hold at any level and where few or no answers change.

A bound of level a is wrong with a chance of a: the truth lies above the upper one, or below the lower one. They all
take fractions of counts, so examples that are worth fewer than they are (clusters, members) count as what they are
worth (Korn & Graubard, Surv. Methodol. 24, 1998).
"""

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

SKEWNESS = 1.0  # of what members lose: that of a gamma distribution whose standard deviation is half of its mean


def member_deviations(freedom: Floats, level: float) -> Floats:
    """How many standard errors of a mean over `freedom` + 1 members its bound of this level lies off.

    Few members cannot tell whether some lose far more than most, as they do where compression damages them unequally.
    Where those that lose most are missing, the mean and the variance are both too low. So the variance is taken as that
    of a gamma distribution of skewness `SKEWNESS` with its mean at the bound: of a bound x standard deviations off it
    is 1 + `SKEWNESS` x / 2 times as large. Student's quantile t is then multiplied by c + √(1 + c²), with c =
    `SKEWNESS` t / (4 √members). Both (k,).
    """
    quantile = -special.stdtrit(freedom, level)
    skewed = SKEWNESS * quantile / (4 * np.sqrt(freedom + 1))
    return np.asarray(quantile * (skewed + np.sqrt(1 + skewed**2)))


def share_upper(share: Floats, size: Floats, level: float) -> Floats:
    """Upper bound of a share of `size` examples (Clopper & Pearson, Biometrika 26, 1934): float64 (k,).

    Parameters
    ----------
    share : (k,), in [0, 1]
    size : (k,), above 0
    """
    count = share * size
    rest = np.maximum(size - count, 0.0)
    some = rest > 0
    found = special.betainccinv(count + 1, np.where(some, rest, 1.0), level)
    return np.where(some, np.maximum(found, share), 1.0)


def share_lower(share: Floats, size: Floats, level: float) -> Floats:
    """Lower bound of a share; the rest as in `share_upper`."""
    count = share * size
    some = count > 0
    found = special.betaincinv(np.where(some, count, 1.0), np.maximum(size - count, 0.0) + 1, level)
    return np.where(some, np.minimum(found, share), 0.0)


def net_upper(lost: Floats, won: Floats, size: Floats, level: float) -> Floats:
    """Upper bound of the share of examples that lose less the share that win: float64 (k,), in [−1, 1].

    The distances of both shares to their exact bounds are added as squares, with the correlation of the two (the method
    of variance estimates recovery: Newcombe, Stat. Med. 17, 1998, method 10; Zou & Donner, Stat. Med. 27, 2008; here
    with the bounds of Clopper and Pearson). Where nothing changes it is that of one share, 3 / size at 5 %. The sum
    over all outcomes shows that it is wrong in no more than the level (`bench.statistics.gate`).

    Parameters
    ----------
    lost, won : (k,), of which the sum is in [0, 1]
    size : (k,), above 0: how many examples that stand alone they are shares of
    """
    above, below = share_upper(lost, size, level) - lost, won - share_lower(won, size, level)
    near_lost, near_won = ((share * size + 0.5) / (size + 1.5) for share in (lost, won))  # never 0 or 1
    correlation = -np.sqrt(near_lost * near_won / ((1 - near_lost) * (1 - near_won)))
    margin = np.sqrt(above**2 + below**2 - 2 * correlation * above * below)
    return np.minimum(lost - won + margin, 1.0)


def net_lower(lost: Floats, won: Floats, size: Floats, level: float) -> Floats:
    """Lower bound of the same; the rest as in `net_upper`."""
    return -net_upper(won, lost, size, level)
