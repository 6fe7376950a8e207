"""Intervals of proportions whose examples are not all independent: rare ones, clustered ones, those of few models."""

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.intervals import LEVEL

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

FEW = 2.0  # examples: those seen must outweigh so many before their clustering is believed


def design_effect(flags: npt.NDArray[np.bool_], cluster: Integers | None) -> float:
    """How many times larger clusters make the variance of a share (Kish, Survey Sampling, 1965).

    Where few examples are flagged, it goes towards the mean size of an example's cluster, the most that it can be.

    Parameters
    ----------
    flags : bool (examples,)
    cluster : int (examples,), which examples belong together, 0 and up; None: each is alone
    """
    if cluster is None:
        return 1.0
    share, size = flags.mean(), np.bincount(cluster).astype(np.float64)
    apart = np.bincount(cluster, weights=flags) - size * share
    typical = float((size**2).sum() / len(flags))
    return float(((apart**2).sum() + FEW * typical) / (len(flags) * share * (1 - share) + FEW))


def share_interval(share: float, size: float) -> tuple[float, float]:
    """95 % interval of a share of `size` independent examples, of which there need not be a whole number.

    That of Clopper and Pearson (Biometrika 26, 1934) with an effective size, as Korn and Graubard (Surv. Methodol. 24,
    1998) use it for surveys: at least as often right as it says, and never without width.
    """
    seen = share * size
    low = special.betaincinv(seen, size - seen + 1, (1 - LEVEL) / 2) if seen > 0 else 0.0
    high = special.betaincinv(seen + 1, size - seen, (1 + LEVEL) / 2) if seen < size else 1.0
    return min(float(low), share), max(float(high), share)
