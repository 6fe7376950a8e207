"""t-tests of many columns at once: moderated ones, and those of textbooks.

In Welch's and the paired test columns without any variance to test against get t = 0 and p = 1 where the means are
equal, and an infinite t and p = 0 where they differ, as SciPy has it. Values are shares or differences of shares, of
the order of 1: those that differ by no more than they round are equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.moderated import Variance

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-12  # else equal changes of recall and accuracy would be significant by their last bit


@dataclass(frozen=True)
class Tested:
    """t of mean(a) − mean(b), its degrees of freedom, its two-sided p, and the standard error that the mean was divided
    by: float64, of the shape of one member's row.
    """

    t: Floats
    degrees_of_freedom: Floats
    p: Floats
    standard_error: Floats


def untested(columns: int) -> Tested:
    """NaN throughout, where there is no test: float64 (columns,)."""
    unknown = np.full(columns, np.nan)
    return Tested(unknown, unknown, unknown, unknown)


def _constant(values: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(np.ptp(values, axis=0) < ROUNDING)


def _tested(difference: Floats, variance: Floats, freedom: Floats, constant: npt.NDArray[np.bool_]) -> Tested:
    difference = np.where(constant & (np.abs(difference) < ROUNDING), 0.0, difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(
            constant, np.where(difference == 0, 0.0, np.copysign(np.inf, difference)), difference / variance**0.5
        )
        p = 2 * special.stdtr(freedom, -np.abs(t))
    p = np.where(constant, (difference == 0).astype(float), p)
    return Tested(t, freedom, p, np.where(constant, 0.0, np.sqrt(variance)))


def moderated_t_test(difference: Floats, variances: Sequence[Variance]) -> Tested:
    """t-test of each column with moderated variances, two-sided; t is finite and p above 0.

    Degrees of freedom are those of the population that has fewest: Satterthwaite's are too many where a side has two or
    three members. The test is as likely as it says to find something where nothing changes, or less.

    Parameters
    ----------
    difference : float64 (k,), of the means of two populations, or the mean difference of pairs
    variances : of each population's mean, or of the mean difference
    """
    difference = np.where(np.abs(difference) < ROUNDING, 0.0, difference)
    error = np.sqrt(np.sum([variance.of_mean for variance in variances], axis=0))
    t = difference / error
    freedom = np.full(t.shape, min(variance.freedom for variance in variances))
    return Tested(t, freedom, np.asarray(2 * special.stdtr(freedom, -np.abs(t))), error)


def welch_t_test(a: Floats, b: Floats) -> Tested:
    """Welch's t-test of each column, two-sided, for samples of unequal variance.

    Parameters
    ----------
    a, b : float64 (members, ...); at least two rows each
    """
    variance_a, variance_b = a.var(axis=0, ddof=1) / len(a), b.var(axis=0, ddof=1) / len(b)
    variance = variance_a + variance_b
    constant = _constant(a) & _constant(b)
    difference = a.mean(axis=0) - b.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = variance**2 / (variance_a**2 / (len(a) - 1) + variance_b**2 / (len(b) - 1))
    return _tested(difference, variance, np.where(constant, len(a) + len(b) - 2.0, freedom), constant)


def paired_t_test(a: Floats, b: Floats) -> Tested:
    """Student's t-test of each column's differences, row by row, two-sided.

    Parameters
    ----------
    a, b : float64 (members, ...), row k of both from the same seeds or parent; at least two rows
    """
    differences = a - b
    constant = _constant(differences)
    difference = differences.mean(axis=0)
    variance = differences.var(axis=0, ddof=1) / len(a)
    return _tested(difference, variance, np.full(difference.shape, len(a) - 1.0), constant)


def t_test(a: Floats, b: Floats, *, paired: bool) -> Tested:
    """The test that the design asks for."""
    return paired_t_test(a, b) if paired else welch_t_test(a, b)
