"""How much the mean of a number changes, in parts of the examples, with an interval.

Examples, or clusters of them, and members are both samples. The variance over examples is that of the difference of
each example, mean over members; the variance over members is that of the mean of each member. What neither the member
nor the example explains is in both and is taken off once, as in `effects`. Numbers may be of any size and sign; where
a few examples decide the change, the interval is longer on their side.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.intervals import LEVEL
from lesion.audit.inference.parts import Parts

Floats = npt.NDArray[np.float64]


SYMMETRIC = 1e-6  # a smaller coefficient of skewness changes nothing but the last digits


@dataclass(frozen=True)
class Measured:
    """A measure of one population.

    Attributes
    ----------
    row : float64 (members, parts), the measure of each member
    table : float (members, examples), numbers whose mean within a part varies over examples as the measure does
    mean : float64 (members, parts), that mean
    bias : float64 (parts,), the most by which the mean of the rows is too large on average
    """

    row: Floats
    table: npt.NDArray[Any]
    mean: Floats
    bias: Floats | float = 0.0


@dataclass(frozen=True)
class MeanChange:
    """A measure of both populations, its change and the ends of its 95 % interval: float64 (parts,) each."""

    dense: Floats
    compressed: Floats
    change: Floats
    low: Floats
    high: Floats


def means(table: npt.NDArray[Any], parts: Parts) -> Measured:
    """The mean of numbers, float (members, examples), within each part."""
    mean = np.stack([parts.mean(row) for row in table])
    return Measured(mean, table, mean)


@dataclass(frozen=True)
class Spread:
    """A change with what its bounds are made of, float64 (parts,) each.

    Attributes
    ----------
    estimate : the mean over members
    examples : how many there are
    variance : over examples; NaN of a part of a single unit
    units : examples or clusters that it stands on
    skewness : of what units add to the change
    members, freedom : the variance over members, 0 of single models, and its degrees of freedom
    both : the variance that those over examples and over members both hold
    too_large, too_small : how much the estimate may be so on average
    """

    estimate: Floats
    examples: Floats
    variance: Floats
    units: Floats
    skewness: Floats
    members: Floats
    freedom: Floats
    both: Floats
    too_large: Floats
    too_small: Floats

    def of(self, rows: npt.NDArray[np.integer]) -> "Spread":
        """That of these parts, int (rows,), in this order."""
        return Spread(*(values[rows] for values in vars(self).values()))

    def upper(self, examples: Floats, level: float) -> Floats:
        """The upper bound if so many examples (parts,) show the same; it is too low with a chance of the level."""
        times = examples / self.examples
        _, below = _deviations(self.units * times, self.skewness, level)
        return np.asarray(self.estimate + self._margin(below, times, level) + self.too_small / np.sqrt(times))

    def lower(self, examples: Floats, level: float) -> Floats:
        """The lower bound; the rest as in `upper`."""
        times = examples / self.examples
        above, _ = _deviations(self.units * times, self.skewness, level)
        return np.asarray(self.estimate - self._margin(above, times, level) - self.too_large / np.sqrt(times))

    def _margin(self, deviations: Floats, times: Floats, level: float) -> Floats:
        """The margins of examples and of members as squares, less what is in both."""
        over_examples, both = (deviations**2 * part / times for part in (self.variance, self.both))
        over_members = _half(self.freedom, level) ** 2 * self.members
        least = np.maximum(over_examples, over_members)
        return np.asarray(np.sqrt(np.maximum(over_examples + over_members - both, least)))


def spread(dense: Measured, compressed: Measured, parts: Parts, *, paired: bool) -> Spread:
    """The change of a measure within each part, as `mean_change` takes it, with what its bounds are made of."""
    sides = [_difference(dense, compressed)] if paired else [dense, compressed]
    several = [side for side in sides if len(side.row) > 1]
    each = compressed.table.mean(axis=0, dtype=np.float64) - dense.table.mean(axis=0, dtype=np.float64)
    members, freedom = _over_members([side.row for side in several], parts)
    return Spread(
        estimate=compressed.row.mean(axis=0) - dense.row.mean(axis=0),
        examples=parts.size.astype(np.float64),
        variance=parts.variance(each),
        units=parts.units.astype(np.float64),
        skewness=parts.skewness(each),
        members=members,
        freedom=freedom,
        both=np.sum([np.zeros(parts.count), *(_rest(side, parts) for side in several)], axis=0),
        too_large=compressed.bias + np.zeros(parts.count),
        too_small=dense.bias + np.zeros(parts.count),
    )


def mean_change(dense: Measured, compressed: Measured, parts: Parts, *, paired: bool) -> MeanChange:
    """The change of a measure within each part, the mean over members, with its 95 % interval.

    A single model stands for itself: then only examples vary. The interval of a part of a single unit is NaN. It is
    wider by the largest bias that either measure may have.

    Parameters
    ----------
    paired : member k of both belong together
    """
    found = spread(dense, compressed, parts, paired=paired)
    ends = (bound(found.examples, (1 - LEVEL) / 2) for bound in (found.lower, found.upper))
    return MeanChange(dense.row.mean(axis=0), compressed.row.mean(axis=0), found.estimate, *ends)


def _deviations(units: Floats, skewness: Floats, level: float) -> tuple[Floats, Floats]:
    """How many standard errors a mean over units may lie above its expectation, and below it: float64 (parts,) each.

    The quantile of Student's t, or that of a skewed mean where it is larger: z is where T + aT² + a²T³/3 + b reaches t,
    with a = skewness / (3 √units) and b = a / 2 (Hall, J. R. Stat. Soc. B 54, 1992). A skewness of few units is known
    too badly to shorten an interval by it.

    Parameters
    ----------
    level : the chance to lie further above, or further below
    """
    quantile, a = _half(units - 1.0, level), skewness / (3 * np.sqrt(units))
    with np.errstate(divide="ignore", invalid="ignore"):
        above, below = (
            np.where(np.abs(a) < SYMMETRIC, quantile, side * (np.cbrt(1 + 3 * a * (side * quantile - a / 2)) - 1) / a)
            for side in (1, -1)
        )
    return np.maximum(above, quantile), np.maximum(below, quantile)


def _difference(dense: Measured, compressed: Measured) -> Measured:
    """Pair by pair."""
    return Measured(compressed.row - dense.row, compressed.table - dense.table, compressed.mean - dense.mean)


def _half(freedom: Floats, level: float) -> Floats:
    """The quantile of Student's t that is exceeded with a chance of the level."""
    return np.asarray(-special.stdtrit(np.maximum(freedom, 1.0), level))


def _over_members(rows: list[Floats], parts: Parts) -> tuple[Floats, Floats]:
    """The variance of the difference of the mean rows, and Welch's degrees of freedom: float64 (parts,) each."""
    if not rows:
        return np.zeros(parts.count), np.ones(parts.count)
    variances = np.stack([row.var(axis=0, ddof=1) / len(row) for row in rows])
    whole, degrees = variances.sum(axis=0), np.array([len(row) - 1.0 for row in rows])[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = whole**2 / (variances**2 / degrees).sum(axis=0)
    return whole, np.where(whole > 0, freedom, 1.0)


def _rest(side: Measured, parts: Parts) -> Floats:
    """Variance of the mean that is neither of members nor of examples: float64 (parts,).

    The mean of one member varies over examples by as much as the mean over M members does, and by M − 1 times this
    more.
    """
    of_mean = parts.variance(side.table.mean(axis=0, dtype=np.float64))
    more = parts.variance_of_member(side.table, side.mean) - of_mean
    return np.asarray(np.maximum(more, 0) / (len(side.table) - 1))
