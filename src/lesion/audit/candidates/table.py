"""The table of candidates: what each costs on average, and what the average hides."""

import numpy as np
import pandas as pd

from lesion.audit.candidates.parts import of_candidate
from lesion.audit.candidates.rights import changed, shared_cluster
from lesion.audit.candidates.worst import ENDS, worst
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Audited, Candidate, Row
from lesion.audit.inference.best_of_several import optimism
from lesion.audit.inference.effective_size import sample
from lesion.audit.inference.pairs import TAIL, wilson
from lesion.audit.statistics.flips import KINDS, cluster_of
from lesion.audit.summary import as_table

INTERVAL = ("", "_low", "_high")
COLUMNS = (
    *("name", "members", "examples", "dense_accuracy"),
    *(f"{name}{end}" for name in ("accuracy", "change") for end in INTERVAL),
    *("corrected_change", "broken", "fixed", "moved", "mcnemar_p"),
    *(f"worst_{of}{end}" for of in ("class", "group") for end in ENDS),
    *("dense_ece", "ece", *(f"ece_change{end}" for end in INTERVAL)),
)
"""All but the facts, which follow."""


def table(candidates: tuple[Candidate, ...], lucky: tuple[int, float] | None) -> pd.DataFrame:
    """One row a candidate; what cannot be said is empty.

    Columns: name, members, examples; dense_accuracy, accuracy and change (of accuracy), with 95 % intervals of the last
    two for other examples or clusters, and of several members for other members; corrected_change (of the candidate
    that loses least: the change less the optimism of having chosen it, `inference.best_of_several`); broken, fixed,
    moved (of several members forgotten and learnt, by modal labels) and mcnemar_p (`statistics.flips`); worst_class and
    worst_group with the number of their examples and their change, whose interval holds for whichever is worst
    (`candidates.worst`); dense_ece, ece and ece_change with its 95 % interval (`statistics.calibration`); the facts.

    Parameters
    ----------
    lucky : place of the candidate that loses least, and the optimism (`luck`); None where there is no choice
    """
    rows = [_row(one) for one in candidates]
    for place, row in enumerate(rows):
        if lucky is not None and place == lucky[0] and row["change"] is not None:
            row["corrected_change"] = row["change"] - lucky[1]
    return as_table([row | dict(one.facts) for row, one in zip(rows, candidates, strict=True)])


def luck(candidates: tuple[Candidate, ...]) -> tuple[int, float] | None:
    """Place of the candidate that loses least, and by how much its accuracy is flattered by the choice.

    None where there is a single one, or the labels of one are not known.
    """
    comparisons = [one.audited.comparison for one in candidates]
    if len(comparisons) < 2 or any(one.label is None for one in comparisons):
        return None
    right = np.stack([one.compressed.correct.mean(axis=0) for one in comparisons], axis=1)
    rng = comparisons[0].generator("best of several", shared=True)
    return int(right.mean(axis=0).argmax()), optimism(right, rng, shared_cluster(comparisons))


def _row(candidate: Candidate) -> Row:
    audited, comparison = candidate.audited, candidate.audited.comparison
    row = {"name": candidate.name, "members": comparison.members[1], "examples": len(comparison.example_id)}
    row |= _accuracy(comparison) | {"corrected_change": None}
    flips = audited.tables["flips"].iloc[0]
    row |= {name: None if pd.isna(flips[name]) else int(flips[name]) for name in KINDS[1:]}
    row["mcnemar_p"] = None if pd.isna(flips["p"]) else float(flips["p"])
    return row | worst(comparison, of_candidate(candidate)) | _calibration(audited)


def _accuracy(comparison: Comparison) -> Row:
    names = COLUMNS[3:10]
    if comparison.label is None:
        return dict.fromkeys(names)
    before, after = comparison.dense.correct, comparison.compressed.correct
    cluster, whole = cluster_of(comparison), np.zeros(before.shape[1], dtype=np.int64)
    found = changed(before, after, whole, 1, paired=comparison.paired, cluster=cluster)
    ends = float(found.change[0]), float(found.low[0]), float(found.high[0])
    return dict(zip(names, (float(before.mean()), *_share(after, cluster), *ends), strict=True))


def _share(right: np.ndarray, cluster: np.ndarray | None) -> tuple[float, float, float]:
    """The share of right answers, bool (members, examples), and its 95 % interval."""
    share, examples = float(right.mean()), right.shape[1]
    whole = np.zeros(examples, dtype=np.int64)
    if len(right) == 1:
        shown = sample(right[0].astype(np.float64), whole, 1, cluster)
        worth = shown.size(shown.examples, TAIL)
        low, high = wilson(share * worth, worth)
    else:  # against models that get nothing right, which do not vary
        nothing = np.zeros((1, examples), dtype=bool)
        found = changed(nothing, right, whole, 1, paired=False, cluster=cluster)
        low, high = np.maximum(found.low, 0.0), np.minimum(found.high, 1.0)
    return share, float(low[0]), float(high[0])


def _calibration(audited: Audited) -> Row:
    table = audited.tables["calibration"]
    rows = table[(table["attribute"] == "all") & (table["measure"] == "ece")].to_dict("records")
    measured = ("dense", "compressed", "change", "low", "high")
    return {name: float(rows[0][of]) if rows else None for name, of in zip(COLUMNS[-5:], measured, strict=True)}
