"""How large a change is, with an interval for both sources of noise, and whether members alone could give it.

What a population gets right is a table of members × examples, and both are samples: of the models that could have been
trained, and of the images that could have been taken. The variance of a mean over such a table is σ²_members / M +
σ²_examples / n + σ²_rest / (M n); each of the first two, estimated from means of rows or of columns, holds the third,
so it is taken off once (Owen, Ann. Appl. Stat. 1, 2007). Members are often few and changes rare, so the variance over
members has a floor (`moderated`), and that over examples has `example_noise`. Each has its own t quantile, and margins
are added as squares (Howe, J. Am. Stat. Assoc. 69, 1974): a little wide, never narrow by a bad guess of freedom.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.example_noise import example_noise
from lesion.audit.inference.intervals import DEVIATIONS, LEVEL
from lesion.audit.inference.moderated import Variance, moderated, unshared
from lesion.audit.inference.significance import Tested, moderated_t_test
from lesion.errors import InputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """A table of members × examples of one population, in sums over strata (classes, groups) of examples.

    Attributes
    ----------
    size : int (k,), examples in each stratum
    row : float64 (members, k), the mean of each member
    column : float64 (examples,), the mean of each example, in order of its stratum
    rest : float64 (k,), mean square of what neither the member nor the example explains; NaN with one of either
    """

    size: npt.NDArray[np.int64]
    row: Floats
    column: Floats
    rest: Floats


def _sums(values: npt.NDArray[Any], starts: npt.NDArray[np.int64]) -> Floats:
    return np.asarray(np.add.reduceat(values, starts, axis=-1, dtype=np.float64))


def by_stratum(
    stratum: npt.NDArray[np.integer], strata: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The order that puts examples stratum by stratum, how many each has, and where each begins in it.

    Raises
    ------
    InputError
        Where a stratum has no example.
    """
    size = np.bincount(stratum, minlength=strata)
    if (empty := np.flatnonzero(size == 0)).size:
        raise InputError(f"class {empty[0]} has no test example")
    return np.argsort(stratum, kind="stable"), size, np.concatenate([[0], np.cumsum(size)[:-1]])


def cells(table: npt.NDArray[Any], stratum: npt.NDArray[np.integer], strata: int) -> Cells:
    """Summarise a table whose example i is of `stratum[i]`.

    Parameters
    ----------
    table : bool or int8 (members, examples)
    stratum : int (examples,), each in [0, strata)

    Raises
    ------
    InputError
        Where a stratum has no example.
    """
    order, size, starts = by_stratum(stratum, strata)
    ordered = table[:, order]
    members = len(table)
    row = _sums(ordered, starts) / size
    column = ordered.mean(axis=0, dtype=np.float64)
    square = _sums((ordered.astype(np.int8) ** 2).sum(axis=0, dtype=np.int64), starts)
    mean = row.mean(axis=0)
    left = square - size * (row**2).sum(axis=0) - members * _sums(column**2, starts) + members * size * mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.maximum(left, 0) / ((members - 1) * (size - 1))
    return Cells(size, row, column, rest)


@dataclass(frozen=True)
class Change:
    """A mean change and its interval, each float64 (k,); the interval need not be symmetric about the mean."""

    mean: Floats
    low: Floats
    high: Floats

    def columns(self, name: str) -> dict[str, Floats]:
        """The same as columns of a table: name, name_low, name_high."""
        return {name: self.mean, f"{name}_low": self.low, f"{name}_high": self.high}


@dataclass(frozen=True)
class Changes:
    """What changes in each stratum.

    Attributes
    ----------
    plain : change of the mean of the stratum
    relative : the same less the change of the whole
    tested : whether members alone could give the relative change, on these examples; None where a side has one member
    """

    plain: Change
    relative: Change
    tested: Tested | None


def _least(table: Cells) -> Floats:
    """σ²_rest of one example, which no stratum has none of: half a disagreement is added to those that were seen."""
    freedom = (len(table.row) - 1.0) * (table.size - 1.0)
    return np.asarray((np.nan_to_num(table.rest) * freedom + 0.5) / (freedom + 1))


def chance_variance(correct: npt.NDArray[np.bool_]) -> float:
    """The variance of the accuracy of members that are equally good, and right on different examples; above 0.

    Parameters
    ----------
    correct : bool (members, examples), two members at least
    """
    return float(_least(cells(correct, np.zeros(correct.shape[1], dtype=np.int64), 1))[0] / correct.shape[1])


def over_members(tables: list[Cells]) -> tuple[list[Variance], Floats]:
    """The variance over members of the mean of each table that has several, and what that over examples holds, too.

    The second, float64 (k,), is what neither members nor examples explain. A single member stands for itself.
    """
    several = [table for table in tables if len(table.row) > 1]
    rest = [_least(table) / table.size for table in several]
    both = _total([one / len(table.row) for one, table in zip(rest, several, strict=True)], len(tables[0].size))
    return [unshared(table.row, one) for table, one in zip(several, rest, strict=True)], both


def _interval(
    mean: Floats,
    centre: Floats,
    examples: Floats,
    units: Floats,
    of: list[Variance],
    rest: Floats,
    most: Floats,
    level: float,
) -> Change:
    """`examples`: variance over examples; `rest`: the variance that it and those of members both hold; `most`: how far
    from 0 a change can be.
    """
    quantile = (1 + level) / 2
    deviations = DEVIATIONS if level == LEVEL else float(special.ndtri(quantile))
    parts = [special.stdtrit(np.maximum(units - 1, 1), quantile) ** 2 * examples]
    for one in of:  # the least stands on many examples, and needs no wide quantile for few members
        estimate = special.stdtrit(one.freedom, quantile) ** 2 * one.estimate
        parts.append(np.maximum(estimate, deviations**2 * one.least))
    margin = np.sqrt(np.maximum(np.sum(parts, axis=0) - deviations**2 * rest, np.max(parts, axis=0)))
    low, high = np.maximum(centre - margin, -most), np.minimum(centre + margin, most)
    return Change(mean, np.minimum(low, mean), np.maximum(high, mean))


def changes(
    dense: npt.NDArray[np.bool_],
    compressed: npt.NDArray[np.bool_],
    stratum: npt.NDArray[np.integer],
    strata: int,
    *,
    paired: bool,
    cluster: npt.NDArray[np.integer] | None = None,
    level: float = LEVEL,
) -> Changes:
    """Change of the mean within each stratum, and the same less the change of the whole.

    A population of a single member stands for itself: intervals are over examples, and the members of the other.

    Parameters
    ----------
    dense, compressed : bool (members, examples), e.g. whether each member is right; members may differ in number
    stratum : int (examples,), each in [0, strata), e.g. the class: then these are changes of recall
    paired : member k of both belong together
    cluster : int (examples,), which examples belong together, 0 and up; None: each is alone
    level : the probability that the interval of a change holds it

    Raises
    ------
    InputError
        Where a stratum has no example.
    """
    sides = [compressed.astype(np.int8) - dense.astype(np.int8)] if paired else [dense, compressed]
    tables = [cells(side, stratum, strata) for side in sides]
    difference = tables[0].column if paired else tables[1].column - tables[0].column
    size, total = tables[0].size, len(stratum)
    order = None if cluster is None else cluster[np.argsort(stratum, kind="stable")].astype(np.int64)
    noise = example_noise(difference, size, order)
    mean = _sums(difference, np.concatenate([[0], np.cumsum(size)[:-1]])) / size
    several = [table for table in tables if len(table.row) > 1]
    rest = [_least(table) / size for table in several]
    variances, both = over_members(tables)
    plain = _interval(mean, noise.centre, noise.variance, noise.units, variances, both, np.ones(len(size)), level)

    share = size / total

    def relative(variance: Floats) -> Floats:
        """Of means that are independent of each other, less the mean of the whole."""
        return variance * (1 - 2 * share) + variance @ share**2

    whole = mean @ share
    centre = noise.centre - share * (noise.centre - mean) - whole
    rows = [table.row - (table.row @ share)[:, None] for table in several]
    variances = moderated(rows, [relative(one) for one in rest], step=1 / size) if strata > 1 else []
    most = 2 * (1 - share)
    apart = _interval(mean - whole, centre, noise.relative, noise.units, variances, relative(both), most, level)
    testable = len(several) == len(tables) and strata > 1
    return Changes(plain, apart, moderated_t_test(mean - whole, variances) if testable else None)


def _total(parts: list[Floats], strata: int) -> Floats:
    return np.asarray(np.sum(parts, axis=0)) if parts else np.zeros(strata)


def change(
    dense: npt.NDArray[np.bool_],
    compressed: npt.NDArray[np.bool_],
    *,
    paired: bool,
    cluster: npt.NDArray[np.integer] | None = None,
) -> tuple[float, float, float]:
    """Change of the mean of the whole table, and the ends of its 95 % interval; the rest as in `changes`."""
    whole = np.zeros(dense.shape[1], dtype=np.int64)
    found = changes(dense, compressed, whole, 1, paired=paired, cluster=cluster).plain
    return float(found.mean[0]), float(found.low[0]), float(found.high[0])


def mean_test(dense: npt.NDArray[np.bool_], compressed: npt.NDArray[np.bool_], *, paired: bool) -> Tested | None:
    """Whether members alone could give the change of the mean of the whole table, on these examples.

    A t-test, one column, whose variance is at least what chance gives members that are equally good (`moderated`); None
    where a side has one member. The rest as in `changes`.
    """
    sides = [compressed.astype(np.int8) - dense.astype(np.int8)] if paired else [dense, compressed]
    if min(map(len, sides)) < 2:
        return None
    tables = [cells(side, np.zeros(side.shape[1], dtype=np.int64), 1) for side in sides]
    variances = [unshared(table.row, _least(table) / table.size) for table in tables]
    means = [table.row.mean(axis=0) for table in tables]
    return moderated_t_test(means[0] if paired else means[1] - means[0], variances)
