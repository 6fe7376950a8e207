"""How much the mean of a number changes, in parts of the examples, with an interval.

Examples, or clusters of them, and members are both samples. The variance over examples is that of the difference of
each example, mean over members; the variance over members is that of the mean of each member. What neither the member
nor the example explains is in both and is taken off once, as in `effects`. Numbers may be of any size and sign.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.intervals import LEVEL

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Parts:
    """Examples divided into parts (classes, groups), and into units that are drawn together.

    Attributes
    ----------
    part : int (examples,), each in [0, count)
    count : how many parts there are; each has an example
    cluster : int (examples,), 0 and up: examples of one number belong together; None: each is alone
    """

    part: Integers
    count: int
    cluster: Integers | None = None

    @cached_property
    def size(self) -> npt.NDArray[np.int64]:
        """Examples of each part: int64 (count,)."""
        return np.bincount(self.part, minlength=self.count)

    @cached_property
    def unit(self) -> Integers:
        """The sampling unit of each example, a cluster within a part: int (examples,)."""
        if self.cluster is None:
            return np.arange(len(self.part))
        code = self.part.astype(np.int64) * (int(self.cluster.max()) + 1) + self.cluster
        return np.asarray(np.unique(code, return_inverse=True)[1])

    @cached_property
    def of_unit(self) -> Integers:
        """The part of each unit, ascending where there are clusters: int (units,)."""
        if self.cluster is None:
            return self.part
        found = np.empty(int(self.unit.max()) + 1, dtype=np.int64)
        found[self.unit] = self.part
        return found

    @cached_property
    def units(self) -> npt.NDArray[np.int64]:
        """Units of each part: int64 (count,)."""
        return np.bincount(self.of_unit, minlength=self.count)

    @cached_property
    def correction(self) -> Floats:
        """Bessel's, n / (n − 1) of n units: float64 (count,); NaN for a single one."""
        return np.asarray(self.units / np.where(self.units > 1, self.units - 1.0, np.nan))

    def mean(self, values: npt.NDArray[Any]) -> Floats:
        """Mean of `values`, float (examples,), within each part: float64 (count,)."""
        return np.asarray(np.bincount(self.part, weights=values, minlength=self.count) / self.size)

    def variance(self, values: npt.NDArray[Any]) -> Floats:
        """Variance of `mean` if other units were drawn: float64 (count,); NaN of a part of one unit."""
        left = values - self.mean(values)[self.part]
        total = left if self.cluster is None else np.bincount(self.unit, weights=left)
        square = np.bincount(self.of_unit, weights=total**2, minlength=self.count)
        return np.asarray(square * self.correction / self.size**2)

    def variance_of_member(self, table: npt.NDArray[Any], mean: Floats) -> Floats:
        """`variance` of each row of a table (members, examples), the mean over members: float64 (count,).

        Parameters
        ----------
        mean : float64 (members, count), the mean of each row within each part
        """
        if self.cluster is None:
            square = np.einsum("me,me->e", table, table, dtype=np.float64)
            left = np.bincount(self.part, weights=square, minlength=self.count) - self.size * (mean**2).sum(axis=0)
        else:
            of_unit = np.zeros(len(self.of_unit))
            for row, centre in zip(table, mean, strict=True):
                of_unit += np.bincount(self.unit, weights=row - centre[self.part]) ** 2
            left = np.bincount(self.of_unit, weights=of_unit, minlength=self.count)
        return np.asarray(np.maximum(left, 0) * self.correction / (len(table) * self.size**2))


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


def mean_change(dense: Measured, compressed: Measured, parts: Parts, *, paired: bool) -> MeanChange:
    """The change of a measure within each part, the mean over members, with its 95 % interval.

    A single model stands for itself: then only examples vary. The interval of a part of a single unit is NaN. It is
    wider by the largest bias that either measure may have.

    Parameters
    ----------
    paired : member k of both belong together
    """
    before, after = dense.row.mean(axis=0), compressed.row.mean(axis=0)
    sides = [_difference(dense, compressed)] if paired else [dense, compressed]
    several = [side for side in sides if len(side.row) > 1]
    each = compressed.table.mean(axis=0, dtype=np.float64) - dense.table.mean(axis=0, dtype=np.float64)
    wide = _half(parts.units - 1.0) ** 2
    over_examples, over_members = wide * parts.variance(each), _over_members([side.row for side in several], parts)
    both = wide * np.sum([np.zeros(parts.count), *(_rest(side, parts) for side in several)], axis=0)
    least = np.maximum(over_examples, over_members)
    margin, change = np.sqrt(np.maximum(over_examples + over_members - both, least)), after - before
    return MeanChange(before, after, change, change - margin - compressed.bias, change + margin + dense.bias)


def _difference(dense: Measured, compressed: Measured) -> Measured:
    """Pair by pair."""
    return Measured(compressed.row - dense.row, compressed.table - dense.table, compressed.mean - dense.mean)


def _half(freedom: npt.NDArray[Any]) -> Floats:
    """The quantile of Student's t that ends the interval."""
    return np.asarray(special.stdtrit(np.maximum(freedom, 1.0), (1 + LEVEL) / 2))


def _over_members(rows: list[Floats], parts: Parts) -> Floats:
    """The squared margin of the difference of the mean rows, by Welch's degrees of freedom: float64 (parts,)."""
    if not rows:
        return np.zeros(parts.count)
    variances = np.stack([row.var(axis=0, ddof=1) / len(row) for row in rows])
    whole, degrees = variances.sum(axis=0), np.array([len(row) - 1.0 for row in rows])[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = whole**2 / (variances**2 / degrees).sum(axis=0)
    return np.asarray(_half(np.where(whole > 0, freedom, 1.0)) ** 2 * whole)


def _rest(side: Measured, parts: Parts) -> Floats:
    """Variance of the mean that is neither of members nor of examples: float64 (parts,).

    The mean of one member varies over examples by as much as the mean over M members does, and by M − 1 times this
    more.
    """
    of_mean = parts.variance(side.table.mean(axis=0, dtype=np.float64))
    more = parts.variance_of_member(side.table, side.mean) - of_mean
    return np.asarray(np.maximum(more, 0) / (len(side.table) - 1))
