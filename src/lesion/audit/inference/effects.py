"""How large a change is, with an interval for both sources of noise: other members, and other examples.

What a population gets right is a table of members × examples, and both are samples: of the models that could have been
trained, and of the images that could have been taken. The variance of a mean over such a table is σ²_members / M +
σ²_examples / n + σ²_rest / (M n); each of the first two, estimated from means of rows or of columns, holds the third,
so it is taken off once. That is what resampling members and examples (Owen, Ann. Appl. Stat. 1, 2007) gives in the
limit of many resamples, less its double counting of the third; in closed form it needs none.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.intervals import LEVEL
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
    """A mean change and its 95 % interval, each float64 (k,); NaN where there is nothing to estimate it from."""

    mean: Floats
    low: Floats
    high: Floats


def _interval(mean: Floats, parts: list[tuple[Floats, Floats]], rest: Floats) -> Change:
    """`parts`: variances with their degrees of freedom, of which `rest` is in one too many."""
    variance = np.sum([part for part, _ in parts], axis=0)
    least = np.max([part for part, _ in parts], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = variance**2 / np.sum([part**2 / degrees for part, degrees in parts], axis=0)  # Satterthwaite
    width = np.sqrt(np.maximum(variance - rest, least))
    margin = np.where(width == 0, 0.0, special.stdtrit(np.maximum(freedom, 1), (1 + LEVEL) / 2) * width)
    return Change(mean, mean - margin, mean + margin)


def _tables(
    dense: npt.NDArray[np.bool_],
    compressed: npt.NDArray[np.bool_],
    stratum: npt.NDArray[np.integer],
    strata: int,
    *,
    paired: bool,
) -> tuple[list[Cells], Floats]:
    """The tables whose members are independent, and the mean change of each example, in order of its stratum."""
    if paired:
        one = cells(compressed.astype(np.int8) - dense.astype(np.int8), stratum, strata)
        return [one], one.column
    before, after = cells(dense, stratum, strata), cells(compressed, stratum, strata)
    return [before, after], after.column - before.column


def _member_parts(rows: list[Floats]) -> list[tuple[Floats, Floats]]:
    """The variance of each population's mean row; none of a single model, which then stands for itself alone."""
    return [(row.var(axis=0, ddof=1) / len(row), np.full(row.shape[1], len(row) - 1.0)) for row in rows if len(row) > 1]


def _rest(tables: list[Cells]) -> Floats:
    """Variance of an example's mean change that is neither of members nor of examples, float64 (k,)."""
    found = [table.rest / len(table.row) for table in tables if len(table.row) > 1]
    return np.asarray(np.sum(found, axis=0)) if found else np.zeros(len(tables[0].size))


def changes(
    dense: npt.NDArray[np.bool_],
    compressed: npt.NDArray[np.bool_],
    stratum: npt.NDArray[np.integer],
    strata: int,
    *,
    paired: bool,
) -> tuple[Change, Change]:
    """Change of the mean within each stratum, and the same less the change of the whole.

    Parameters
    ----------
    dense, compressed : bool (members, examples), e.g. whether each member is right; members may differ in number
    stratum : int (examples,), each in [0, strata), e.g. the class: then these are changes of recall
    paired : member k of both belong together

    Returns
    -------
    Change, Change; the interval of a stratum with a single example is NaN

    Raises
    ------
    InputError
        Where a stratum has no example.
    """
    tables, difference = _tables(dense, compressed, stratum, strata, paired=paired)
    size, total = tables[0].size, len(stratum)
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    mean = _sums(difference, starts) / size
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.maximum(_sums(difference**2, starts) - size * mean**2, 0) / (size - 1)
    rest = _rest(tables)
    freedom = np.maximum(size - 1.0, 1.0)
    plain = _interval(mean, [*_member_parts([table.row for table in tables]), (spread / size, freedom)], rest / size)

    own, others = (1 / size - 1 / total) ** 2, 1 / total**2  # squared weights of an example in a stratum and out of it

    def relative(variance: Floats) -> Floats:
        whole = size * variance
        return own * whole + others * (np.nansum(whole) - np.nan_to_num(whole))

    rows = [table.row - (table.row @ size / total)[:, None] for table in tables]
    parts = [*_member_parts(rows), (relative(spread), freedom)]
    return plain, _interval(mean - mean @ size / total, parts, relative(rest))


def change(
    dense: npt.NDArray[np.bool_], compressed: npt.NDArray[np.bool_], *, paired: bool
) -> tuple[float, float, float]:
    """Change of the mean of the whole table, and the ends of its 95 % interval."""
    whole = np.zeros(dense.shape[1], dtype=np.int64)
    found, _ = changes(dense, compressed, whole, 1, paired=paired)
    return float(found.mean[0]), float(found.low[0]), float(found.high[0])
