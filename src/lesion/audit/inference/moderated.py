"""The variance between members of many classes at once, each steadied by the others.

Few members tell little of a class's variance. An empirical Bayes estimate (limma: Smyth, Stat. Appl. Genet. Mol. Biol.
3, 2004; Lönnstedt & Speed, Stat. Sinica 12, 2002) shares what they tell between the classes. It is taken of each
variance's ratio to the least that it can be: that of members that are equally good, and right on different examples.

Three cautions beyond limma. Classes whose members go up and down together tell less than as many independent ones;
their effective number limits what they lend. Two members often get equally many right, which is no variance of 0:
recalls are rounded to whole examples, and the prior allows for that. And no ratio is below 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

FEWEST = 3  # classes; two, relative to their mean, are one


@dataclass(frozen=True)
class Variance:
    """The variance of the mean of a population's members.

    Attributes
    ----------
    estimate : float64 (k,), with `freedom` degrees of freedom
    least : float64 (k,), what chance alone gives members that are equally good
    """

    estimate: Floats
    freedom: float
    least: Floats

    @property
    def of_mean(self) -> Floats:
        """The estimate, or the least that it can be: float64 (k,)."""
        return np.maximum(self.estimate, self.least)


def _trigamma_inverse(value: float) -> float:
    """X with trigamma(x) = value > 0, by Newton's steps of Smyth (2004), appendix."""
    x = 0.5 + 1 / value
    for _ in range(20):
        trigamma = float(special.polygamma(1, x))
        x += trigamma * (1 - trigamma / value) / float(special.polygamma(2, x))
    return x


def prior(ratio: Floats, freedom: float) -> tuple[float, float]:
    """Degrees of freedom and scale of the prior, from the moments of the logarithms of F (Smyth 2004, section 6.2).

    Parameters
    ----------
    ratio : float64 (k,), above 0: variances of `freedom` degrees each, over their base

    Returns
    -------
    degrees of freedom, infinite where the ratios differ by no more than chance gives; scale
    """
    logs = np.log(ratio) - special.digamma(freedom / 2) + np.log(freedom / 2)
    beyond = float(logs.var(ddof=1) - special.polygamma(1, freedom / 2))
    if beyond <= 0:
        return np.inf, float(ratio.mean())
    degrees = 2 * _trigamma_inverse(beyond)
    return degrees, float(np.exp(logs.mean() + special.digamma(degrees / 2) - np.log(degrees / 2)))


def effective_number(rows: Sequence[Floats], base: Sequence[Floats]) -> float:
    """How many independent classes tell as much as these: (tr Σ)² / tr Σ², without bias for normal rows.

    Σ is the covariance of the classes between members, in units of `base`; both traces as in Chen, Zhang and Zhong (J.
    Am. Stat. Assoc. 105, 2010) for one or several populations.

    Parameters
    ----------
    rows : float64 (members, k) of each population
    base : float64 (k,) of each

    Returns
    -------
    In [1, k]; 1 where there is but one degree of freedom to tell from.
    """
    apart = np.concatenate([(row - row.mean(axis=0)) / np.sqrt(least) for row, least in zip(rows, base, strict=True)])
    freedom = float(sum(len(row) - 1 for row in rows))
    if freedom < 2:
        return 1.0
    trace = float((apart**2).sum()) / freedom
    square = float(((apart @ apart.T) ** 2).sum()) / freedom**2
    unbiased = freedom**2 / ((freedom - 1) * (freedom + 2)) * (square - trace**2 / freedom)
    classes = apart.shape[1]
    if unbiased <= 0:
        return float(classes)
    return float(np.clip((trace**2 - 2 * unbiased / freedom) / unbiased, 1, classes))


def unshared(row: Floats, least: Floats) -> Variance:
    """The variance of a population's mean row, each column by itself.

    For recall that is not taken less accuracy: all classes of a better member are better, so that a class learns little
    from the others. Of three members intervals of shared variances hold the truth in 0.89 of studies in which
    compression damages members unequally, those of unshared ones in 0.93 (`bench.statistics.intervals`).

    Parameters
    ----------
    row : float64 (members, k), two members at least
    least : float64 (k,), above 0: the variance of a row whose members differ by nothing but chance
    """
    return Variance(row.var(axis=0, ddof=1) / len(row), len(row) - 1.0, least / len(row))


def moderated(rows: Sequence[Floats], base: Sequence[Floats], *, step: Floats) -> list[Variance]:
    """The variance of each population's mean row, moderated over the columns.

    Parameters
    ----------
    rows : float64 (members, k) of each population, two members at least
    base : float64 (k,) of each, above 0: the variance of a row whose members differ by nothing but chance
    step : float64 (k,), above 0: what values of a column are rounded to, for a recall 1 / examples
    """
    if not rows:
        return []
    lenders = effective_number(rows, base) - 1
    found = []
    for row, least in zip(rows, base, strict=True):
        freedom = len(row) - 1.0
        ratio, lent = row.var(axis=0, ddof=1) / least, 0.0
        if row.shape[1] >= FEWEST:
            degrees, scale = prior(ratio + step**2 / 12 / least, freedom)  # 1/12: the variance of rounding (Sheppard)
            lent = min(degrees, lenders * freedom)
            ratio = (lent * scale + freedom * ratio) / (lent + freedom)
        found.append(Variance(least * ratio / len(row), lent + freedom, least / len(row)))
    return found
