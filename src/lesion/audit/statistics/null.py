"""Count what seed noise alone gives, beside what there is, like for like.

The null says what the audit counts where there is nothing but seed noise.

Independent members: two halves of the dense population differ in nothing but their seeds, so what the audit finds
between them is noise. A half has fewer members than the populations, and noisier modal labels; so the counts beside the
null are those between as many dense and as many compressed members, drawn as often, and the excess is the difference of
the two.

Members that share seeds or a parent: seed noise is in both alike, and halves would overstate it. If compression changed
nothing, who is dense and who compressed would be a coin for each pair, so the null swaps them at random, all members
kept.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Audited, Finding, Row, empty
from lesion.audit.inference.recall import takes_own_accuracy
from lesion.audit.inference.resampling import Pool, counts, draw_halves, draw_subsets, draw_swaps
from lesion.audit.noise import COUNTS
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.ties import Ties

SUFFIX = "csv"
SETTINGS = {"settings": "audit.impact", "draws": "audit.halves", "ties": "audit.ties"}
ORDER = 4
SCHEMA = pa.schema(
    {
        "split": pa.int64(),
        "design": pa.string(),
        "members": pa.int64(),
        "null_pie": pa.int64(),
        "null_significant_classes": pa.int64(),
        "null_significant_classes_fdr": pa.int64(),
        "pie": pa.int64(),
        "significant_classes": pa.int64(),
        "significant_classes_fdr": pa.int64(),
    }
)


Drawn = tuple[pd.DataFrame, pd.DataFrame, int]


def possible(comparison: Comparison) -> bool:
    """Whether there are members enough: two pairs, or four dense members and two compressed ones."""
    dense, compressed = comparison.members
    return dense >= (2 if comparison.paired else 4) and compressed >= 2


def table(comparison: Comparison, *, settings: Impact, draws: Halves, ties: Ties) -> pd.DataFrame:
    """One row a split; none where there are too few members.

    Columns: split, design (halves or swaps), members (of each side). null_pie, null_significant_classes and
    null_significant_classes_fdr are what seed noise gives; pie, significant_classes and significant_classes_fdr what
    there is between dense and compressed members, as many as in the null. Without labels those of classes are empty.
    The dense halves are the same for all variants of a study.
    """
    if not possible(comparison):
        return empty(SCHEMA)
    draw = _swapped if comparison.paired else _halved
    noise, seen, size = draw(comparison, settings, draws.splits, ties)
    found = pd.concat([noise.add_prefix("null_"), seen], axis=1)
    found.insert(0, "split", range(len(found)))
    found.insert(1, "design", "swaps" if comparison.paired else "halves")
    found.insert(2, "members", size)
    return found.reindex(columns=SCHEMA.names)


def _pool(comparison: Comparison, ties: Ties) -> Pool:
    """Dense first, then compressed: row M + k is member k of the second."""
    predictions = np.concatenate([comparison.dense.prediction, comparison.compressed.prediction])
    label = comparison.label if comparison.comparable_classes else None
    return Pool(predictions, label, len(comparison.classes), ties)


def _swapped(comparison: Comparison, settings: Impact, splits: int, ties: Ties) -> Drawn:
    """The counts of noise and those that there are, a row a split; and how many members each side has."""
    pool, (members, _) = _pool(comparison, ties), comparison.members
    ones, others = draw_swaps(members, splits, comparison.generator("null", shared=True))
    noise = counts(pool, ones, others, alpha=settings.alpha, own=True, paired=True)
    whole = np.arange(members)[None]
    seen = counts(pool, whole, members + whole, alpha=settings.alpha, own=True, paired=True)
    return noise, seen.loc[[0] * len(noise)].reset_index(drop=True), members


def _halved(comparison: Comparison, settings: Impact, splits: int, ties: Ties) -> Drawn:
    pool, (members, compressed) = _pool(comparison, ties), comparison.members
    size, rng = min(members // 2, compressed), comparison.generator("null", shared=True)
    own = takes_own_accuracy(settings.normalise, paired=False)
    ones, others = draw_halves(members, size, splits, rng)
    noise = counts(pool, ones, others, alpha=settings.alpha, own=own, paired=False)
    after = members + draw_subsets(compressed, size, len(ones), rng)
    return noise, counts(pool, ones, after, alpha=settings.alpha, own=own, paired=False), size


def beside_null(null: pd.DataFrame, count: str) -> Row:
    """A count beside seed noise: null, null_low and null_high, mean and 95 % range over the splits; matched and excess.

    Parameters
    ----------
    null : rows of `table`
    count : one of COUNTS

    Returns
    -------
    matched is the mean count between as many dense and compressed members as in the null, excess what it has more; None
    where there are no counts
    """
    noise = null[f"null_{count}"]
    if noise.isna().all():  # of no rows, too
        return dict.fromkeys(("null", "null_low", "null_high", "matched", "excess"))
    mean, seen = float(noise.mean()), float(null[count].mean())
    low, high = np.percentile(noise, [2.5, 97.5])
    return {"null": mean, "null_low": float(low), "null_high": float(high), "matched": seen, "excess": seen - mean}


def columns(table: pd.DataFrame, *, alpha: float) -> Row:  # noqa: ARG001
    """What seed noise alone gives, and what there is of it in the counts of populations of that size.

    For each count: null_<count>, its mean over the splits, with the ends of its 95 % range; matched_<count>, the mean
    between as many dense and compressed members; excess_<count>, what that has more than the null's mean.
    """
    row: Row = {"null_members": None if table.empty else int(table["members"].iloc[0])}
    for count in COUNTS:
        for name, value in beside_null(table, count).items():
            of_null, _, end = name.partition("_")
            row["_".join(filter(None, (of_null, count, end)))] = value
    return row


def finding(audited: Audited) -> Finding | None:  # noqa: ARG001
    """None: what noise gives stands in the sentences of the counts."""
    return None
