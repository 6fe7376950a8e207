"""Which populations are on the Pareto front of a cost and a mean over members, and how sure that is.

A population is on the front if none that costs no more has a better mean. Means are of few members, so which are on the
front is not known. What is said of a population is wrong with a chance of `alpha` at most, over other members:

- "off": one of those that cost no more is better, by Welch's t-test, one-sided, at `alpha` over the number of those;
- "on": it is better than each of those, each tested at `alpha` (an intersection-union test, Berger, Technometrics 24,
  1982);
- "undecided": neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

ON, OFF, UNDECIDED = "on", "off", "undecided"


@dataclass(frozen=True)
class Means:
    """The means of k populations, float64 (k,) each.

    Attributes
    ----------
    mean : larger is better
    variance : of the mean; NaN of one member
    freedom : degrees of freedom of the variance
    """

    mean: Floats
    variance: Floats
    freedom: Floats

    @classmethod
    def of(cls, members: Sequence[Floats], least: Floats) -> "Means":
        """Means of the values of members, (members,) each; `least`: the variance of a member by chance alone, (k,)."""
        count = np.array([len(values) for values in members])
        several = count > 1
        spread = np.array([values.var(ddof=1) if len(values) > 1 else np.nan for values in members])
        variance = np.where(several, np.maximum(spread, least), np.nan) / count
        return cls(np.array([values.mean() for values in members]), variance, np.maximum(count - 1.0, 1.0))


def better_p(of: Means) -> Floats:
    """The p of "column j has no better mean than row i": float64 (k, k), 1 where a variance is not known.

    One-sided Welch tests.
    """
    gain = of.mean[None, :] - of.mean[:, None]
    variance = of.variance[None, :] + of.variance[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = of.variance**2 / of.freedom
        freedom = variance**2 / (parts[None, :] + parts[:, None])
        p = special.stdtr(freedom, -gain / np.sqrt(variance))
    exact = variance == 0  # members that all agree
    p = np.where(exact, np.where(gain > 0, 0.0, 1.0), p)
    return np.where(np.isnan(p), 1.0, p)


def no_dearer(low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
    """Whether population j costs no more than population i: bool (k, k) at [i, j], False for i = j.

    low, high : float64 (k,), the ends of each cost, equal where it is known; costs whose ends overlap count as equal.
        NaN of a population whose cost is not known: it is compared with nobody
    """
    found = low[None, :] <= high[:, None]
    np.fill_diagonal(found, val=False)
    return np.asarray(found)


def standings(rivals: npt.NDArray[np.bool_], of: Means, *, alpha: float) -> list[str]:
    """For each population "on", "off" or "undecided".

    rivals : bool (k, k), which populations cost no more, as `no_dearer` gives it
    """
    better = better_p(of)
    found = []
    for own, others in enumerate(rivals):
        if others.any() and better[own, others].min() * others.sum() <= alpha:
            found.append(OFF)
        else:
            found.append(ON if (better[others, own] <= alpha).all() else UNDECIDED)
    return found


def seems_on(rivals: npt.NDArray[np.bool_], mean: Floats) -> npt.NDArray[np.bool_]:
    """Whether each population is on the front of the observed means: bool (k,)."""
    better, as_good = mean[None, :] > mean[:, None], mean[None, :] >= mean[:, None]
    cheaper = rivals & ~rivals.T
    return np.asarray(~((rivals & better) | (cheaper & as_good)).any(axis=1))


@dataclass(frozen=True)
class Beside:
    """How much better populations are than a line through others at equal cost: float64 (k,) each, NaN off the line."""

    gain: Floats
    low: Floats
    high: Floats


def beside_line(cost: Floats, of: Means, line: npt.NDArray[np.intp], *, level: float = 0.95) -> Beside:
    """Compare each population with the line through those at `line`, straight over the logarithm of the cost.

    The interval is Welch's, of the population's members and of those of the two ends. Populations on the line, and
    those that cost less or more than all of it, get NaN.
    """
    order = line[np.argsort(cost[line], kind="stable")]
    gain, low, high = (np.full(len(cost), np.nan) for _ in range(3))
    ends = np.log(cost[order])
    for own in np.setdiff1d(np.arange(len(cost)), line):
        place = np.log(cost[own]) if cost[own] > 0 else np.nan
        if len(order) < 2 or not ends[0] <= place <= ends[-1]:
            continue
        right = int(np.clip(np.searchsorted(ends, place), 1, len(ends) - 1))
        step = ends[right] - ends[right - 1]
        share = (place - ends[right - 1]) / step if step else 0.5
        who = np.array([own, order[right - 1], order[right]])
        weight = np.array([1.0, share - 1.0, -share])
        gain[own] = weight @ of.mean[who]
        terms = weight**2 * of.variance[who]
        freedom = terms.sum() ** 2 / (terms**2 / of.freedom[who]).sum() if terms.sum() else 1.0
        margin = special.stdtrit(freedom, (1 + level) / 2) * np.sqrt(terms.sum())
        low[own], high[own] = gain[own] - margin, gain[own] + margin
    return Beside(gain, low, high)
