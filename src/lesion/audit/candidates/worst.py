"""The class, and the group, that a candidate harms most, with an interval that holds for whichever that is.

Of many classes the one that seems worst is partly unlucky: a 95 % interval of a class that was chosen so misses the
truth more often. Each interval here has the level 1 − 0.05 / k of k classes or groups (Bonferroni), so all of them hold
at once in 95 % of studies, and so does that of the chosen one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lesion.audit.candidates.rights import changed, parts_of
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Row
from lesion.audit.inference.intervals import LEVEL
from lesion.audit.statistics.flips import CLASS, cluster_of

ENDS = ("", "_examples", "_change", "_low", "_high")


def worst(comparison: Comparison) -> Row:
    """Columns of `table` on the worst class and the worst group: who, how many examples, the change, its interval.

    Groups are those of every attribute. None where there are no labels, fewer than two classes, or no attribute.
    """
    parts = list(parts_of(comparison)) if comparison.label is not None else []
    classes = [part for part in parts if part[0] == CLASS]
    groups = [part for part in parts if part[0] != CLASS and len(part[1]) > 1]
    return _columns("worst_class", _worst(comparison, classes)) | _columns("worst_group", _worst(comparison, groups))


def _columns(name: str, found: tuple[Any, ...]) -> Row:
    return {f"{name}{end}": value for end, value in zip(ENDS, found, strict=True)}


def _worst(comparison: Comparison, parts: Sequence[tuple[str, Any, Any]]) -> tuple[Any, ...]:
    count = sum(len(names) for _, names, _ in parts)
    if not count:
        return (None,) * 5
    level, cluster = 1 - (1 - LEVEL) / count, cluster_of(comparison)
    rights = comparison.dense.correct, comparison.compressed.correct
    found = []
    for attribute, names, place in parts:
        size = np.bincount(place)
        of_each = changed(*rights, place, len(names), paired=comparison.paired, cluster=cluster, level=level)
        least = np.lexsort((-size, of_each.change))[0]  # of those that change alike the largest
        name = str(names[least]) if attribute == CLASS else f"{attribute}: {names[least]}"
        ends = (float(of_each.change[least]), float(of_each.low[least]), float(of_each.high[least]))
        found.append((name, int(size[least]), *ends))
    return min(found, key=lambda row: (row[2], -row[1]))
