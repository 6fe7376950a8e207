"""About how many examples decide a limit, if what they show stays as it is."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MOST = 1_000_000  # examples; hardly any test set has more
STEPS = 14  # of a bisection over the logarithm of the number: to one in a thousand


def enough(decided: Callable[[Floats], npt.NDArray[np.bool_]], k: int) -> Floats:
    """The least number of examples with which each of k limits is decided: float64 (k,); NaN where `MOST` do not do.

    Parameters
    ----------
    decided : numbers of examples, float64 (k,) → bool (k,); once true, true for more
    """
    low, high = np.zeros(k), np.full(k, np.log(MOST))
    never, at_once = ~decided(np.exp(high)), decided(np.ones(k))
    for _ in range(STEPS):
        middle = (low + high) / 2
        done = decided(np.exp(middle))
        low, high = np.where(done, low, middle), np.where(done, middle, high)
    found = np.where(at_once, 1.0, np.ceil(np.exp(high)))
    return np.where(never, np.nan, found)
