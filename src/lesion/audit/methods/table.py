"""What each method forgets at each of its levels, all trained by the same recipe.

PIE and significant classes are those of the audit of one variant. Beside them stand bands, from a bootstrap over
members, and what seed noise alone gives, like for like (`null`). Members of a drawn population come twice, so it has
fewer opinions than the real one and its counts are too high on average: their spread alone is used, for classes that of
textbook t-tests. The interval of the
excess over seed noise (`inference.excess`) is of examples as well.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.from_nodes import from_nodes
from lesion.audit.comparison.populations import read_population
from lesion.audit.contract import Row
from lesion.audit.inference.intervals import DEVIATIONS
from lesion.audit.inference.kinds import KINDS, kinds
from lesion.audit.inference.recall import takes_own_accuracy
from lesion.audit.inference.resampling import Pool, bootstrap, counts
from lesion.audit.methods.ranking import rank
from lesion.audit.statistics import impact, null, pie
from lesion.audit.summary import accuracy_row, as_table, size_row
from lesion.params.comparison import Ranking
from lesion.params.design import Design
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.ties import Ties
from lesion.params.variant import method

SIZES = ("sparsity", "multiply_adds", "bytes_per_member")


def band(count: int, resampled: pd.Series, most: int) -> tuple[float, float]:
    """Lower and upper end: `count` ± 1.96 standard deviations of the resampled counts, within 0 and `most`."""
    half = DEVIATIONS * float(resampled.std(ddof=1))
    return max(0.0, count - half), min(float(most), count + half)


def counts_row(comparison: Comparison, *, settings: Impact, resamples: int, ties: Ties) -> Row:
    """PIE, of each kind, and significant classes of a compressed population, each with its band where there is one.

    The members are drawn alike for all variants of a study, so the row of one does not depend on the others.
    """
    tested = impact.columns(impact.table(comparison, settings=settings), alpha=settings.alpha)
    found = tested | _kinds(pie.table(comparison, ties=ties))
    examples, classes = len(comparison.example_id), len(comparison.present)
    most = dict.fromkeys(KINDS, examples) | dict.fromkeys(("significant_classes", "significant_classes_fdr"), classes)
    resampled = _resampled(comparison, settings, resamples, ties) if comparison.several else None
    row: Row = {}
    for name, limit in most.items():
        row |= {name: found[name], f"{name}_low": None, f"{name}_high": None}
        if resampled is not None and name in resampled and found[name] is not None:
            row[f"{name}_low"], row[f"{name}_high"] = band(found[name], resampled[name], limit)
    return row


def _kinds(graded: pd.DataFrame) -> Row:
    """How many examples are PIE, and how many of each kind; None where labels are not known."""
    before, after, label = (graded[name].to_numpy() for name in ("dense_label", "compressed_label", "label"))
    counts = kinds(before, after, None if pd.isna(label).all() else label).sum(axis=1)
    return dict.fromkeys(KINDS) | dict(zip(KINDS, counts.tolist(), strict=False))


def _resampled(comparison: Comparison, settings: Impact, resamples: int, ties: Ties) -> pd.DataFrame:
    """The counts of drawn members: a row a draw."""
    (dense, compressed), paired = comparison.members, comparison.paired
    rng = comparison.generator("comparison", shared=True)
    drawn = bootstrap(rng, dense=dense, compressed=compressed, resamples=resamples, paired=paired)
    own = takes_own_accuracy(settings.normalise, paired=paired)
    predictions = np.concatenate([comparison.dense.prediction, comparison.compressed.prediction])
    pool = Pool(predictions, comparison.label, len(comparison.classes), ties)
    return counts(pool, *drawn, alpha=settings.alpha, own=own, paired=paired)


def compare(
    dense: Comparison,
    compressed: Iterable[Comparison],
    *,
    settings: Impact,
    splits: Halves,
    resamples: int,
    ties: Ties,
) -> pd.DataFrame:
    """One row a variant, dense first: variant, method, accuracy, counts with their ends `_low` and `_high`, and the
    null.

    Parameters
    ----------
    dense : the dense population against itself, its members independent
    compressed : dense against each variant; looked at one at a time
    """

    def noise(comparison: Comparison) -> Row:
        found = null.table(comparison, draws=splits, ties=ties)
        return null.columns(found, alpha=settings.alpha)

    of_dense = {name: value for name, value in noise(dense).items() if name.startswith("null_")}
    rows: list[Row] = [{"variant": "dense", "method": "dense"} | accuracy_row(dense.dense) | of_dense]
    for comparison in compressed:
        found = counts_row(comparison, settings=settings, resamples=resamples, ties=ties)
        row = {"variant": comparison.variant, "method": method(comparison.variant)}
        rows.append(row | accuracy_row(comparison.compressed) | found | noise(comparison))
    table = as_table(rows)
    last = [name for name in table if name.startswith(("null_", "matched_", "excess_"))]
    return table[[*(name for name in table if name not in last), *last]]


def write_comparison(
    *,
    study: str,
    examples: Path,
    predictions: Mapping[str, list[Path]],
    comparison: Path,
    ranking: Path,
    settings: Impact,
    design: Design,
    ties: Ties,
    cluster: str | None,
    root_seed: int,
    halves: Halves,
    resamples: int,
    ranks: Ranking,
) -> None:
    """The step: compare all variants with dense, write the table of methods and their ranking.

    Parameters
    ----------
    predictions : variant → its files, dense first
    comparison, ranking : what is written
    ranks : the levels at which methods are ranked
    """
    dense = read_population(predictions["dense"])

    def against(variant: str, design: Design) -> Comparison:
        other = dense if variant == "dense" else predictions[variant]
        return from_nodes(
            study=study,
            variant=variant,
            examples=examples,
            dense=dense,
            compressed=other,
            root_seed=root_seed,
            design=design,
            cluster=cluster,
        )

    table = compare(
        against("dense", "independent"),
        (against(variant, design) for variant in predictions if variant != "dense"),
        settings=settings,
        splits=halves,
        resamples=resamples,
        ties=ties,
    )
    sizes = [size_row(files, examples=len(dense.example_id)) for files in predictions.values()]
    for place, name in enumerate(SIZES, start=2):
        table.insert(place, name, [size[name] for size in sizes])
    write_csv(comparison, table)
    write_csv(ranking, rank(table, ranks))
