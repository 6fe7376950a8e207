"""Which answers of a candidate are right, and how much of each part of the examples that changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.inference.effects import changes
from lesion.audit.inference.flip_rates import Flips, Rows, net_change
from lesion.audit.inference.intervals import LEVEL
from lesion.audit.statistics.flips import ALL, cluster_of, strata

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Changes:
    """Change of the share of right answers in each of several parts, and its interval: float64 (parts,) each."""

    change: Floats
    low: Floats
    high: Floats


def changed(
    before: Flags,
    after: Flags,
    stratum: Integers,
    strata: int,
    *,
    paired: bool,
    cluster: Integers | None,
    level: float = LEVEL,
) -> Changes:
    """Change in each stratum, for other examples or clusters, and of several members for other members.

    Parameters
    ----------
    before, after : bool (members, examples), whether each answer is right
    stratum : int (examples,), each in [0, strata), each with an example
    level : the probability that an interval holds the truth
    """
    if len(before) == len(after) == 1:
        way = after[0].astype(np.int64) - before[0]
        example = np.flatnonzero(way)
        rows = Rows(stratum, np.arange(strata), stratum[example], cluster)
        found = net_change(Flips(example, way[example]), rows, tail=(1 - level) / 2)
        return Changes(found["change"], found["change_low"], found["change_high"])
    plain = changes(before, after, stratum, strata, paired=paired, cluster=cluster, level=level).plain
    return Changes(plain.mean, plain.low, plain.high)


def shared_cluster(comparisons: Sequence[Comparison]) -> Integers | None:
    """The cluster of each example, as the first comparison that knows it says; None where each stands alone."""
    return next((found for one in comparisons if (found := cluster_of(one)) is not None), None)


def parts_of(comparison: Comparison) -> Iterator[tuple[str, npt.NDArray[Any], Integers]]:
    """The classes, and the groups of each attribute: name of the attribute, names of its parts, part of each example.

    The names are those of the table of flips (`statistics.flips`).
    """
    for attribute, names, place in strata(comparison, [[name] for name in comparison.groups]):
        if attribute != ALL:
            yield attribute, names, place
