"""Candidates against each other, on the same examples."""

from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa

from lesion.audit.candidates.rights import Flags, changed, shared_cluster
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Candidate, Row, empty
from lesion.audit.inference.effects import mean_test
from lesion.audit.inference.multiplicity import known_q_values
from lesion.audit.inference.sign_flips import balance_p
from lesion.audit.statistics.flips import NO_TEST, OF_CLUSTERS, TEST, modal
from lesion.params.ties import Ties

SCHEMA = pa.schema(
    [
        ("one", pa.string()),
        ("other", pa.string()),
        ("examples", pa.int64()),
        ("only_one_right", pa.int64()),
        ("only_other_right", pa.int64()),
        ("difference", pa.float64()),
        ("difference_low", pa.float64()),
        ("difference_high", pa.float64()),
        ("test", pa.string()),
        ("p", pa.float64()),
        ("q", pa.float64()),
    ]
)


def table(candidates: tuple[Candidate, ...], *, ties: Ties) -> pd.DataFrame:
    """One row a pair of candidates whose labels are known.

    Columns: one, other (names), examples; only_one_right and only_other_right (examples that one of them alone gets
    right; of several members by modal labels); difference (accuracy of the other less that of the one) with its 95 %
    interval for other examples or clusters, and of several members for other members; test, p, and q
    (Benjamini–Hochberg over the pairs). Tests: of single models mcnemar, or sign-flips-of-clusters (`flips`); of
    several members a t-test of their accuracies on these examples, welch or, where both are pairs with dense, paired;
    none where one of them is single and the other is not.

    Parameters
    ----------
    ties : which of the labels with most votes is the modal one
    """
    known = [one for one in candidates if one.audited.comparison.label is not None]
    rows = [_row(one, other, ties) for one, other in combinations(known, 2)]
    if not rows:
        return empty(SCHEMA)
    found = pd.DataFrame(rows).astype({"p": float})
    return found.assign(q=known_q_values(found["p"].to_numpy()))[SCHEMA.names]


def _row(one: Candidate, other: Candidate, ties: Ties) -> Row:
    comparisons = one.audited.comparison, other.audited.comparison
    before, after = (comparison.compressed.correct for comparison in comparisons)
    cluster = shared_cluster(comparisons)
    paired = all(comparison.paired for comparison in comparisons) and len(before) == len(after)
    whole = np.zeros(before.shape[1], dtype=np.int64)
    found = changed(before, after, whole, 1, paired=paired, cluster=cluster)
    alone = [_modal_right(comparison, ties) for comparison in comparisons]
    test, p = NO_TEST, np.nan
    if len(before) == len(after) == 1:
        way = after[0].astype(np.int64) - before[0]
        differs = np.flatnonzero(way)
        of_each = None if cluster is None else cluster[differs]
        test = TEST if cluster is None else OF_CLUSTERS
        p = balance_p(way[differs], 0 * differs, 1, of_each)[0]
    elif (tested := mean_test(before, after, paired=paired)) is not None:
        test, p = "paired" if paired else "welch", tested.p[0]
    return {
        "one": one.name,
        "other": other.name,
        "examples": len(whole),
        "only_one_right": int((alone[0] & ~alone[1]).sum()),
        "only_other_right": int((alone[1] & ~alone[0]).sum()),
        "difference": float(found.change[0]),
        "difference_low": float(found.low[0]),
        "difference_high": float(found.high[0]),
        "test": test,
        "p": float(p),
    }


def _modal_right(comparison: Comparison, ties: Ties) -> Flags:
    """Whether the label that most members give is right: bool (examples,)."""
    return np.asarray(modal(comparison.compressed, len(comparison.classes), ties) == comparison.label)
