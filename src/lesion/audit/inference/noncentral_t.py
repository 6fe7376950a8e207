"""The power of a t-test: the chance that a noncentral t lies beyond the critical value.

Integrated here and not taken from SciPy or statsmodels, which give NaN in far tails and take minutes where degrees of
freedom are few and alpha is small, as with two members and many classes.
"""

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

POINTS = 17  # of interpolation; power is then right to 1e-3


def t_test_power(noncentrality: Floats, freedom: Floats, alpha: float) -> Floats:
    """The chance that a two-sided t-test finds a change that lies `noncentrality` standard errors from none.

    t is (z + noncentrality) / s with z normal and s² a mean square of `freedom` degrees: the chance that s is small
    enough, averaged over z.

    Parameters
    ----------
    noncentrality, freedom : float64 (k,), both above 0

    Returns
    -------
    float64 (k,), in [0, 1]
    """
    step = min(0.05, 1 / np.sqrt(2 * freedom.max()))  # half the width of the rise of that chance, or less
    z = np.arange(-9, 9, step)
    weight = np.exp(-(z**2) / 2)
    critical = -special.stdtrit(freedom, alpha / 2)
    square = ((z + noncentrality[:, None]) / critical[:, None]) ** 2
    return np.asarray(special.chdtr(freedom[:, None], freedom[:, None] * square) @ (weight / weight.sum()))


def noncentrality_found(freedom: Floats, alpha: float, power: float) -> Floats:
    """How many standard errors from none a change must lie to be found with `power`.

    Solved at few degrees of freedom and interpolated: its ratio to the critical value hardly depends on them.

    Parameters
    ----------
    freedom : float64 (k,), above 0

    Returns
    -------
    float64 (k,)
    """
    degrees = np.unique(np.geomspace(freedom.min(), freedom.max(), POINTS))
    critical, wanted = (-special.stdtrit(each, alpha / 2) for each in (degrees, freedom))
    spread = np.sqrt(special.chdtri(degrees, 1 - power**0.5) / degrees)
    low, high = np.zeros_like(degrees), critical * spread + special.ndtri(power**0.5)  # z and s both do their part
    for _ in range(30):
        middle = (low + high) / 2
        enough = t_test_power(middle, degrees, alpha) >= power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(wanted * np.interp(np.log(freedom), np.log(degrees), high / critical))
