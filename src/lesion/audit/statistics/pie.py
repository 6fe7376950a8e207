"""Find the examples whose modal label compression changes.

Pruning Identified Exemplars (PIE), Hooker et al., arXiv 1911.05248, section 3.2. Beside the paper's flag, which has no
notion of noise, stand an exact test of each example and a score: among the examples that score s or more, at most a
share 1 − s differ by chance.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Audited, Finding, Row
from lesion.audit.inference.disagreement import beyond_chance, chance_taxicab, exact_p, taxicab
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.score import score
from lesion.audit.inference.votes import SideBySide, margin, modal_label, side_by_side, votes
from lesion.audit.noise import beside_noise
from lesion.audit.wording import number, percent
from lesion.params.ties import Ties

SUFFIX = "parquet"
SETTINGS = {"ties": "audit.ties"}
ORDER = 2
SCHEMA = pa.schema(
    {
        "example_id": pa.int64(),
        "label": pa.int32(),  # empty where no labels are known
        "dense_label": pa.int32(),
        "compressed_label": pa.int32(),
        "dense_share": pa.float32(),
        "compressed_share": pa.float32(),
        "dense_margin": pa.float32(),
        "compressed_margin": pa.float32(),
        "dense_confidence": pa.float32(),  # empty where it is not known
        "compressed_confidence": pa.float32(),
        "taxicab": pa.float32(),
        "probability_change": pa.float32(),
        "p": pa.float64(),
        "q": pa.float64(),
        "beyond_chance": pa.float32(),  # p, q, beyond_chance and pie_score are empty for a single pair of models
        "pie_score": pa.float32(),
        "pie": pa.bool_(),
    }
)  # every test example, in order of example_id
LABELS = ("label", "dense_label", "compressed_label")
TESTED = ("p", "q", "beyond_chance", "pie_score")

Floats = npt.NDArray[np.float64]


def probability_change(comparison: Comparison) -> Floats:
    """Mean probability of the true class, compressed less dense: float64 (examples,); NaN where none are known."""
    before, after = comparison.dense.true_probability, comparison.compressed.true_probability
    if before is None or after is None:
        return np.full(len(comparison.example_id), np.nan)
    return np.asarray(after.mean(axis=0, dtype=np.float64) - before.mean(axis=0, dtype=np.float64))


def _mean_confidence(population: Population) -> Floats:
    """Mean over members of the probability of their answer: float64 (examples,); NaN where it is not known."""
    if population.confidence is None:
        return np.full(len(population.example_id), np.nan)
    return np.asarray(population.confidence.mean(axis=0, dtype=np.float64))


def _graded(comparison: Comparison, both: SideBySide) -> dict[str, Floats]:
    """The columns that measure how far apart the populations are, and whether by chance: float64 (examples,) each."""
    dense, compressed = comparison.dense.prediction, comparison.compressed.prediction
    classes, paired, examples = len(comparison.classes), comparison.paired, dense.shape[1]
    distance = taxicab(both, members=comparison.members, examples=examples, classes=classes)
    if comparison.single:
        return {"taxicab": distance, **{name: np.full(examples, np.nan) for name in TESTED}}
    by_chance = chance_taxicab(dense, compressed, both, classes=classes, paired=paired)
    p = exact_p(dense, compressed, both, classes=classes, paired=paired)
    rng = comparison.generator("pie")
    promised = score(dense, compressed, both, by_chance, classes=classes, paired=paired, rng=rng)
    tested = (p, q_values(p), beyond_chance(distance, by_chance), promised)
    return {"taxicab": distance, **dict(zip(TESTED, tested, strict=True))}


def table(comparison: Comparison, *, ties: Ties) -> pd.DataFrame:
    """One row an example, in the order of the predictions.

    Columns: example_id, label (empty where labels are not known); of both populations the modal label, the share of
    members that give it, its margin over the second, and the mean confidence of members (empty where not known);
    taxicab (distance of the two distributions of labels, in [0, 2]), probability_change (of the true class), p and q
    (`inference.disagreement.exact_p`; Benjamini–Hochberg over all examples), beyond_chance (of the taxicab distance,
    `inference.disagreement.beyond_chance`), pie_score (`inference.score.score`: among the examples that score s or
    more, at most a share 1 − s on average differ by chance; it rises with beyond_chance), and pie, the paper's flag.
    Of a single pair of models nothing can be told from chance: p, q, beyond_chance and pie_score are empty.
    """
    sides = (comparison.dense, comparison.compressed)
    classes = len(comparison.classes)
    cast = [votes(one.prediction, classes) for one in sides]
    (before, dense_votes), (after, compressed_votes) = (modal_label(one, classes, ties) for one in cast)
    measured = {
        "dense_share": dense_votes / cast[0].members,
        "compressed_share": compressed_votes / cast[1].members,
        "dense_margin": margin(cast[0]),
        "compressed_margin": margin(cast[1]),
        "dense_confidence": _mean_confidence(sides[0]),
        "compressed_confidence": _mean_confidence(sides[1]),
        "probability_change": probability_change(comparison),
        **_graded(comparison, side_by_side(cast[0], cast[1], classes)),
    }
    said = dict(zip(LABELS, (comparison.label, before, after), strict=True))
    return pd.DataFrame(
        {
            "example_id": comparison.example_id,
            **{name: _called(comparison, label) for name, label in said.items()},
            **{name: values.astype(SCHEMA.field(name).type.to_pandas_dtype()) for name, values in measured.items()},
            "pie": before != after,
        },
        columns=SCHEMA.names,
    )


def _called(comparison: Comparison, label: npt.NDArray[np.integer] | None) -> Any:
    if label is None:
        return pd.array([pd.NA] * len(comparison.example_id), dtype="Int64")
    return comparison.called(label)


def columns(table: pd.DataFrame, *, alpha: float) -> Row:
    """How many examples are PIE, and how many of them are told from chance at a false discovery rate of alpha.

    The latter is None for a single pair of models.
    """
    surely = None if table["q"].isna().all() else int((table["pie"] & (table["q"] < alpha)).sum())
    return {"pie": int(table["pie"].sum()), "pie_fdr": surely}


def finding(audited: Audited) -> Finding | None:
    """How many PIE there are, beside what seed noise gives."""
    table = audited.tables["pie"]
    count = int(table["pie"].sum())
    share = f"{percent(count / len(table))} of {number(len(table))} examples get another answer"
    if audited.comparison.single:
        return Finding("Examples", number(count), "answers change", f"{share} after compression.", place=2)
    share += " from most models after compression."
    return Finding("Examples", number(count), "PIE", f"{share} {beside_noise(audited)}", place=2)
