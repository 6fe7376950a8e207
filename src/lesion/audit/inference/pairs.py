"""Intervals of a single pair of models over examples: of a share, and of a change of a share.

Both take fractions of examples too, so examples in clusters count as the fewer that they are worth
(`inference.clusters`).
"""

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.intervals import LEVEL

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.integer] | Floats

ADDED = 1.25
"""Examples added to the broken, and to the fixed ones. Bonett and Price add 1, with which coverage falls to .928 where
4 of 20 examples break; with 1.25 it is .937 at least, for 5 to 5,000 examples of which up to 20 % break and are fixed
(all trinomial outcomes summed, `bench.statistics.pair`). Tango's score interval, no shorter, has .928 too."""

TAIL = (1 - LEVEL) / 2
QUANTILE = float(special.ndtri((1 + LEVEL) / 2))


def wilson(count: Numbers, examples: Numbers) -> tuple[Floats, Floats]:
    """The 95 % interval of a share (Wilson, J. Am. Stat. Assoc. 22, 1927); both float64 (k,).

    Parameters
    ----------
    count, examples : (k,), of which `examples` is above 0
    """
    share, square = count / examples, QUANTILE**2
    centre = share + square / (2 * examples)
    margin = QUANTILE * np.sqrt(share * (1 - share) / examples + square / (4 * np.square(examples)))
    low, high = ((centre + side * margin) / (1 + square / examples) for side in (-1, 1))
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def paired_change(broken: Numbers, fixed: Numbers, examples: Numbers, *, tail: float = TAIL) -> tuple[Floats, Floats]:
    """The interval of (fixed − broken) / examples: Wald's, with `ADDED` broken and fixed ones; of 95 % without `tail`.

    The adjusted Wald interval of Bonett and Price (J. Educ. Behav. Stat. 37, 2012) but for the size of the adjustment,
    which grows with the square of the quantile, as Agresti and Coull's does. It never has length 0. Both float64 (k,),
    within [−1, 1].

    Parameters
    ----------
    broken, fixed, examples : (k,), of which `examples` is above 0
    tail : the probability that the truth lies above the interval, and that it lies below
    """
    quantile = QUANTILE if tail == TAIL else -float(special.ndtri(tail))
    added = ADDED * (quantile / QUANTILE) ** 2
    total = examples + 2 * added
    lost, won = (broken + added) / total, (fixed + added) / total
    margin = quantile * np.sqrt((lost + won - np.square(won - lost)) / total)
    return np.maximum(won - lost - margin, -1.0), np.minimum(won - lost + margin, 1.0)
