"""Examples divided into parts, in which means are taken: their variance and skewness if other examples were drawn."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

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
        square = np.bincount(self.of_unit, weights=self._beyond(values) ** 2, minlength=self.count)
        return np.asarray(square * self.correction / self.size**2)

    def skewness(self, values: npt.NDArray[Any]) -> Floats:
        """Skewness of what the units add to `mean`, 0 where they all add the same: float64 (count,)."""
        beyond = self._beyond(values)
        square, cube = (np.bincount(self.of_unit, weights=beyond**power, minlength=self.count) for power in (2, 3))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(square > 0, np.sqrt(self.units) * cube / square**1.5, 0.0)

    def _beyond(self, values: npt.NDArray[Any]) -> Floats:
        """What each unit adds to the sum of its part, beyond its share by the mean: float64 (units,)."""
        left = values - self.mean(values)[self.part]
        return np.asarray(left if self.cluster is None else np.bincount(self.unit, weights=left))

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
