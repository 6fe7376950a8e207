"""Confidence intervals over the members of a population."""

import numpy as np
import numpy.typing as npt
from scipy import special

LEVEL = 0.95
DEVIATIONS = 1.96  # on either side: 95 % of a normal distribution


def mean_interval(values: npt.NDArray[np.float64], *, least: float = 0.0, level: float = LEVEL) -> tuple[float, float]:
    """Confidence interval of the mean of a normal population, by Student's t: mean ± t · s / √n, n − 1 degrees.

    Parameters
    ----------
    values : float64 (n,), fractions of which each is one member's; n ≥ 1
    least : the variance that chance alone gives the values of members that are equally good; few members may agree by
        luck, and the interval is no shorter than this variance makes it
    level : the probability that the interval holds the mean of all members that could have been trained

    Returns
    -------
    the lower and the upper bound, cut off at 0 and 1; NaN for one value alone
    """
    if len(values) < 2:
        return float("nan"), float("nan")
    quantile = special.stdtrit(len(values) - 1, (1 + level) / 2)
    seen, by_chance = quantile * values.std(ddof=1), special.ndtri((1 + level) / 2) * np.sqrt(least)
    margin = max(seen, by_chance) / np.sqrt(len(values))
    low, high = np.clip(values.mean() + np.array([-margin, margin]), 0, 1)
    return float(low), float(high)
