"""Pruning Identified Exemplars: examples whose modal label differs between two populations, and how surely.

Hooker et al., arXiv 1911.05248, section 3.2; the taxicab distance is that of arXiv 2010.03058. Beside the paper's flag,
which has no notion of noise, stand an exact test of each example and a score to rank by.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts import paths
from lesion.artifacts.tables import PIE, write_parquet
from lesion.audit.comparison.classes import class_names
from lesion.audit.comparison.populations import Population, check_comparable, check_labels, is_paired, read_population
from lesion.audit.inference.exact import chance_apart, chance_apart_of_pairs, fisher_table, sign_table
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.votes import Integers, SideBySide, margin, modal_label, side_by_side, votes
from lesion.params.design import Design

Floats = npt.NDArray[np.float64]


def _by_example(values: Floats, both: SideBySide, examples: int, classes: int) -> Floats:
    return np.asarray(np.bincount(both.code // classes, weights=values, minlength=examples), dtype=np.float64)


def pooled_label(both: SideBySide, classes: int) -> Integers:
    """The label that most of all models give to each example, ties to the largest class id: int64 (examples,)."""
    first = np.flatnonzero(np.diff(both.code // classes, prepend=-1))
    return np.asarray(np.maximum.reduceat((both.one + both.other) * classes + both.code % classes, first) % classes)


def exact_p(dense: Population, compressed: Population, label: Integers, *, paired: bool) -> Floats:
    """Two-sided p of each example, that as many members of both populations give it `label`: float64 (examples,).

    Fisher's exact test, or for pairs the sign test. The test is exact for a label that does not depend on which model
    is dense and which compressed: the pooled one.
    """
    one, other = dense.prediction == label, compressed.prediction == label
    if paired:
        return np.asarray(sign_table(len(one))[(one & ~other).sum(axis=0), (other & ~one).sum(axis=0)])
    return np.asarray(fisher_table(len(one), len(other))[one.sum(axis=0), other.sum(axis=0)])


def chance_distance(
    dense: Population, compressed: Population, both: SideBySide, *, classes: int, paired: bool
) -> Floats:
    """The taxicab distance that chance alone gives on average, all that is said being the same: float64 (examples,)."""
    members, others, examples = len(dense.member), len(compressed.member), dense.prediction.shape[1]
    if paired:
        where = np.nonzero(dense.prediction != compressed.prediction)[1]
        said = [population.prediction[dense.prediction != compressed.prediction] for population in (dense, compressed)]
        codes = np.concatenate([where * classes + labels for labels in said])
        discordant = np.bincount(np.searchsorted(both.code, codes), minlength=len(both.code))
        return _by_example(chance_apart_of_pairs(members)[discordant], both, examples, classes)
    return _by_example(chance_apart(members, others)[both.one + both.other], both, examples, classes)


def score(distance: Floats, by_chance: Floats) -> Floats:
    """How far two populations are apart beyond chance, in [0, 1]: (d − e) / (2 − e), 0 where chance explains it all.

    As Cohen's kappa corrects agreement. 1 where all members of one population give a label that none of the other does,
    of several members; 0 for a pair of single models, of which nothing can be told from noise.

    Parameters
    ----------
    distance, by_chance : float64 (examples,), taxicab distances in [0, 2]
    """
    beyond = np.maximum(distance - by_chance, 0)
    return np.where(beyond > 1e-12, beyond / np.maximum(2 - by_chance, 1e-12), 0.0)  # 1e-12: sums of shares round


def probability_change(dense: Population, compressed: Population) -> Floats:
    """Mean probability of the true class, compressed less dense: float64 (examples,); NaN where none are known."""
    before, after = dense.true_probability, compressed.true_probability
    if before is None or after is None:
        return np.full(dense.prediction.shape[1], np.nan)
    return np.asarray(after.mean(axis=0, dtype=np.float64) - before.mean(axis=0, dtype=np.float64))


def grade(dense: Population, compressed: Population, *, classes: int, design: Design = "auto") -> pa.Table:
    """Every example graded.

    Columns: example_id, label; of both populations the modal label, the share of members that give it, and its margin
    over the second; taxicab (distance of the two distributions of labels, in [0, 2]), probability_change (of the true
    class), p and q (`exact_p`; Benjamini–Hochberg over all examples), pie_score, and pie, the paper's flag.

    Raises
    ------
    InputError
        Where the populations do not hold the same examples, or a label is none of `classes`.
    """
    check_comparable(dense, compressed)
    for population in (dense, compressed):
        check_labels(population, classes)
    paired = is_paired(dense, compressed, design)
    cast = [votes(population.prediction, classes) for population in (dense, compressed)]
    (before, dense_votes), (after, compressed_votes) = (modal_label(one, classes) for one in cast)
    both = side_by_side(cast[0], cast[1], classes)
    difference = np.abs(both.one / cast[0].members - both.other / cast[1].members)
    distance = _by_example(difference, both, len(before), classes)
    by_chance = chance_distance(dense, compressed, both, classes=classes, paired=paired)
    p = exact_p(dense, compressed, pooled_label(both, classes), paired=paired)
    columns = {
        "example_id": dense.example_id,
        "label": dense.label if dense.label is not None else pa.nulls(len(before), PIE.field("label").type),
        "dense_label": before,
        "compressed_label": after,
        "dense_share": dense_votes / cast[0].members,
        "compressed_share": compressed_votes / cast[1].members,
        "dense_margin": margin(cast[0]),
        "compressed_margin": margin(cast[1]),
        "taxicab": distance,
        "probability_change": probability_change(dense, compressed),
        "p": p,
        "q": q_values(p),
        "pie_score": score(distance, by_chance),
        "pie": before != after,
    }
    return pa.table({name: pa.array(values).cast(PIE.field(name).type) for name, values in columns.items()}, schema=PIE)


def pie(*, study: str, variant: str, shards: list[str], design: Design) -> None:
    """The step: read both populations, write `pie/<variant>.parquet`."""
    dense, compressed = (read_population(study, name, shards) for name in ("dense", variant))
    table = grade(dense, compressed, classes=len(class_names(study)), design=design)
    write_parquet(paths.pie(study, variant), table, study=study, variant=variant, shards=shards)
