"""Count what seed noise alone gives, beside what there is, like for like.

Two halves of the dense population differ in nothing but their seeds, so what the audit finds between them is noise. A
half has fewer members than the populations, and noisier modal labels; so the counts beside the null are those between a
half and as many compressed members. Where members share seeds or a parent, these are the partners of the other half:
other seeds on both sides, so the noise of seeds is in both counts alike and cancels in their difference, the excess.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Audited, Finding, Row, empty
from lesion.audit.inference.answers_test import answers_test
from lesion.audit.inference.excess import counted, excess
from lesion.audit.inference.halves import draw_sets
from lesion.audit.inference.kinds import KINDS, kinds
from lesion.audit.inference.resampling import Pool
from lesion.params.halves import Halves
from lesion.params.ties import Ties

SUFFIX = "csv"
SETTINGS = {"draws": "audit.halves", "ties": "audit.ties"}
ORDER = 4
SCHEMA = pa.schema(
    {
        "count": pa.string(),
        "all": pa.int64(),
        "members": pa.int64(),
        "splits": pa.int64(),
        "null": pa.float64(),
        "null_low": pa.float64(),
        "null_high": pa.float64(),
        "matched": pa.float64(),
        "excess": pa.float64(),
        "excess_low": pa.float64(),
        "excess_high": pa.float64(),
        "test": pa.string(),
        "p": pa.float64(),
    }
)
DENSE, COMPRESSED = 4, 2
"""The least members of which halves can be compared; pairs are `DENSE` or more."""
AGAIN = 100
"""How often sets are drawn whose members come with replacement, for the interval of the excess."""
MEASURES = ("null", "null_low", "null_high", "matched", "excess", "excess_low", "excess_high")


def possible(comparison: Comparison) -> bool:
    """Whether there are members enough: four pairs, or four dense members and two compressed ones."""
    dense, compressed = comparison.members
    return dense >= DENSE and compressed >= COMPRESSED


def table(comparison: Comparison, *, draws: Halves, ties: Ties) -> pd.DataFrame:
    """One row a count: pie, and with labels forgotten (right, then wrong), learnt and moved (wrong, then wrong
    otherwise), all by modal labels. No row where there are too few members.

    Columns: count; all, between all members; members (of each side of what follows) and splits (draws of halves);
    null, what seed noise gives between halves of the dense members, mean over the splits in both directions, and
    null_low and null_high, its 95 % range; matched, the mean between as many dense and compressed members; excess,
    matched less null, with the ends of its 95 % interval (`inference.excess`). On the row pie, test and p: whether
    compressed members answer otherwise, more than other seeds do (`inference.answers_test`).
    """
    if not possible(comparison):
        return empty(SCHEMA)
    (dense, compressed), paired = comparison.members, comparison.paired
    rng = comparison.generator("null", shared=True)
    sets = draw_sets(dense, compressed, -(-draws.splits // 2), rng, paired=paired)
    again = sets.again(AGAIN, rng)
    pool, cluster = _contested(comparison, ties)
    plain = counted(pool, sets)
    examples = len(comparison.example_id)
    units = examples if comparison.cluster is None else int(comparison.cluster.max()) + 1
    found = excess(plain, counted(pool, again), again, units=units, cluster=cluster, size=examples / units)
    low, high = np.percentile(plain.noise, [2.5, 97.5], axis=0)
    tested = answers_test(pool.prediction, dense=dense, paired=paired, rng=rng)
    before, after = (pool.modal_label(rows) for rows in (np.arange(dense), np.arange(dense, dense + compressed)))
    return pd.DataFrame(
        {
            "count": KINDS[: len(found.mean)],
            "all": kinds(before, after, pool.label).sum(axis=1),
            "members": sets.size,
            "splits": len(plain.noise),
            "null": plain.noise.mean(axis=0),
            "null_low": low,
            "null_high": high,
            "matched": plain.matched,
            "excess": found.mean,
            "excess_low": found.low,
            "excess_high": found.high,
            "test": [tested.test, *[None] * (len(found.mean) - 1)],
            "p": [tested.p, *[np.nan] * (len(found.mean) - 1)],
        }
    )


def _contested(comparison: Comparison, ties: Ties) -> tuple[Pool, npt.NDArray[np.integer] | None]:
    """The examples to which not all members give one answer, the dense members first, and their clusters."""
    said = np.concatenate([comparison.dense.prediction, comparison.compressed.prediction])
    where = np.flatnonzero((said != said[0]).any(axis=0))
    where = where if len(where) else np.arange(1)
    label, cluster = (None if known is None else known[where] for known in (comparison.label, comparison.cluster))
    return Pool(said[:, where], label, len(comparison.classes), ties), cluster


def columns(table: pd.DataFrame, *, alpha: float) -> Row:  # noqa: ARG001
    """What seed noise alone gives, and what there is beyond it.

    null_members, the members of each side; for each count null_<count>, matched_<count> and excess_<count>, with the
    ends `_low` and `_high` of the first and the last; pie_p, whether compressed members answer otherwise.
    """
    known = table.set_index("count").to_dict("index")
    row: Row = {"null_members": None if table.empty else int(table["members"].iloc[0])}
    for count in KINDS:
        found = known.get(count, {})
        for name in MEASURES:
            of_what, _, end = name.partition("_")
            row["_".join(filter(None, (of_what, count, end)))] = found.get(name)
    p = known.get("pie", {}).get("p")
    return row | {"pie_p": None if p is None or np.isnan(p) else p}


def finding(audited: Audited) -> Finding | None:  # noqa: ARG001
    """None: what noise gives stands in the sentences of the counts."""
    return None
