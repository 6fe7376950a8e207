"""t-tests of many columns at once: Welch's for populations of independent members, the paired one for related members.

In both, columns without any variance to test against get t = 0 and p = 1 where the means are equal, and an infinite t
and p = 0 where they differ, as SciPy has it. Values are shares or differences of shares, of the order of 1: those that
differ by no more than they round are equal.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-12  # else equal changes of recall and accuracy would be significant by their last bit


@dataclass(frozen=True)
class Tested:
    """t of mean(a) − mean(b), its degrees of freedom and its two-sided p: float64, of the shape of one member's row."""

    t: Floats
    degrees_of_freedom: Floats
    p: Floats


def _constant(values: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(np.ptp(values, axis=0) < ROUNDING)


def _tested(difference: Floats, variance: Floats, freedom: Floats, constant: npt.NDArray[np.bool_]) -> Tested:
    difference = np.where(constant & (np.abs(difference) < ROUNDING), 0.0, difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(
            constant, np.where(difference == 0, 0.0, np.copysign(np.inf, difference)), difference / variance**0.5
        )
        p = 2 * special.stdtr(freedom, -np.abs(t))
    return Tested(t, freedom, np.where(constant, (difference == 0).astype(float), p))


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
