"""The class, and the group, that a candidate harms most, with an interval that holds for whichever that is.

Of many classes the one that seems worst is partly unlucky: it looks worse than it is, and a 95 % interval misses the
truth on that side more often. So the upper end of the change is that of an interval of level 1 − 0.05 / k of k classes,
or groups (Bonferroni): it holds for all at once in 97.5 % of studies. The lower end is the usual one: a class that
happens to look better than it is, is less likely to be the chosen one.
"""

import numpy as np
import pandas as pd

from lesion.audit.candidates.rights import changed, parts_of
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Row
from lesion.audit.inference.intervals import LEVEL
from lesion.audit.statistics.flips import CLASS, cluster_of

ENDS = ("", "_examples", "_change", "_low", "_high")


def worst(comparison: Comparison, rows: pd.DataFrame) -> Row:
    """Columns of `table` on the worst class and the worst group: who, how many examples, the change, its interval.

    Groups are those of every attribute that has several. None where there are no labels, one class, or no attribute.

    Parameters
    ----------
    rows : those of the candidate in `parts.table`
    """
    several = rows.groupby("attribute")["group"].transform("size") > 1
    classes = rows[rows["attribute"] == CLASS]
    groups = rows[several & (rows["attribute"] != CLASS)]
    return _columns("worst_class", comparison, classes) | _columns("worst_group", comparison, groups)


def _columns(name: str, comparison: Comparison, rows: pd.DataFrame) -> Row:
    columns = [f"{name}{end}" for end in ENDS]
    if rows.empty:
        return dict.fromkeys(columns)
    ordered = rows.sort_values(["change", "examples"], ascending=[True, False], kind="stable")  # of a tie the largest
    worst = ordered.iloc[0].to_dict()
    attribute, group = worst["attribute"], worst["group"]
    high = max(_highest(comparison, attribute, group, len(rows)), worst["change_high"])
    who = str(group) if attribute == CLASS else f"{attribute}: {group}"
    found = (who, int(worst["examples"]), worst["change"], worst["change_low"], high)
    return dict(zip(columns, found, strict=True))


def _highest(comparison: Comparison, attribute: str, group: str, count: int) -> float:
    """The upper end of the change of a group, that of `count` groups holds for all of them at once."""
    names, place = next((names, place) for name, names, place in parts_of(comparison) if name == attribute)
    of_each = changed(
        comparison.dense.correct,
        comparison.compressed.correct,
        place,
        len(names),
        paired=comparison.paired,
        cluster=cluster_of(comparison),
        level=1 - (1 - LEVEL) / count,
    )
    return float(of_each.high[np.flatnonzero(names == group)[0]])
