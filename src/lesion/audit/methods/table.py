"""What each method forgets at each of its levels, all trained by the same recipe.

PIE and significant classes are those of the audit of one variant. Beside them stand bands, from a bootstrap over
members, and what seed noise alone gives, like for like (`null`). Members of a drawn population come twice, so it has
fewer opinions than the real one and its counts are too high on average: their spread alone is used.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.classes import class_names
from lesion.audit.comparison.populations import Population, is_paired, read_population
from lesion.audit.inference.intervals import DEVIATIONS
from lesion.audit.methods.ranking import rank
from lesion.audit.statistics.impact import class_impact
from lesion.audit.statistics.null import null_counts
from lesion.audit.statistics.pie import grade
from lesion.audit.statistics.resampling import Pool, bootstrap, counts
from lesion.audit.summary import accuracy_row, null_row, size_row
from lesion.params.comparison import Ranking
from lesion.params.design import Design
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.variant import method
from lesion.seeds import derive_seed

SIZES = ("sparsity", "multiply_adds", "bytes_per_member")


def band(count: int, resampled: pd.Series, most: int) -> tuple[float, float]:
    """Lower and upper end: `count` ± 1.96 standard deviations of the resampled counts, within 0 and `most`."""
    half = DEVIATIONS * float(resampled.std(ddof=1))
    return max(0.0, count - half), min(float(most), count + half)


def counts_row(
    dense: Population,
    compressed: Population,
    *,
    classes: int,
    settings: Impact,
    design: Design,
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, float]:
    """PIE and significant classes of a compressed population, each with its band."""
    impact = class_impact(dense, compressed, classes=classes, settings=settings, design=design)
    graded = grade(dense, compressed, classes=classes, design=design)
    paired = is_paired(dense, compressed, design)
    pool = Pool.of(dense, compressed, classes=classes)
    drawn = bootstrap(
        rng, dense=len(dense.member), compressed=len(compressed.member), resamples=resamples, paired=paired
    )
    resampled = counts(pool, *drawn, settings=settings, paired=paired)
    found = {
        "pie": (int(np.sum(graded.column("pie").to_numpy())), len(dense.example_id)),
        "significant_classes": (int(impact["significant"].sum()), classes),
        "significant_classes_fdr": (int(impact["significant_fdr"].sum()), classes),
    }
    row: dict[str, float] = {}
    for name, (count, most) in found.items():
        low, high = band(count, resampled[name], most)
        row |= {name: count, f"{name}_low": low, f"{name}_high": high}
    return row


def compare(
    dense: Population,
    compressed: Iterable[tuple[str, Population]],
    *,
    classes: int,
    settings: Impact,
    design: Design,
    splits: int,
    resamples: int,
    seed: int,
    null_seed: int,
) -> pd.DataFrame:
    """One row a variant, dense first: variant, method, accuracy, counts with their ends `_low` and `_high`, and the
    null.

    The members of each variant are drawn from `seed` anew, so its row does not depend on the other variants.
    Populations are looked at one at a time.

    Raises
    ------
    InputError
        Where a population has too few members (`null`) or other examples than dense.
    """

    def noise(population: Population, design: Design) -> dict[str, float]:
        rng = np.random.default_rng(null_seed)
        found = null_counts(
            dense, population, classes=classes, settings=settings, splits=splits, design=design, rng=rng
        )
        return null_row(found)

    of_dense = {name: value for name, value in noise(dense, "independent").items() if name.startswith("null_")}
    rows: list[dict[str, Any]] = [{"variant": "dense", "method": "dense"} | accuracy_row(dense) | of_dense]
    for variant, population in compressed:
        rng = np.random.default_rng(seed)
        found = counts_row(
            dense, population, classes=classes, settings=settings, design=design, resamples=resamples, rng=rng
        )
        row = {"variant": variant, "method": method(variant)} | accuracy_row(population) | found
        rows.append(row | noise(population, design))
    table = pd.DataFrame(rows)
    last = [name for name in table if name.startswith(("null_", "matched_", "excess_"))]
    whole = ["pie", "significant_classes", "significant_classes_fdr"]
    return table[[*(name for name in table if name not in last), *last]].astype(dict.fromkeys(whole, "Int64"))


def comparison(
    *,
    study: str,
    shards: list[str],
    trained: list[str],
    derived: list[str],
    root_seed: int,
    settings: Impact,
    design: Design,
    halves: Halves,
    resamples: int,
    ranking: Ranking,
) -> None:
    """The step: read the predictions of all variants, write `comparison.csv` and `ranking.csv`."""
    classes, variants = len(class_names(study)), ["dense", *trained, *derived]
    dense = read_population(study, "dense", shards)
    table = compare(
        dense,
        ((variant, read_population(study, variant, shards)) for variant in variants[1:]),
        classes=classes,
        settings=settings,
        design=design,
        splits=halves.splits,
        resamples=resamples,
        seed=derive_seed(root_seed, study, "comparison"),
        null_seed=derive_seed(root_seed, study, "null"),
    )
    sizes = [size_row(study, variant, shards) for variant in variants]
    for place, name in enumerate(SIZES, start=2):
        table.insert(place, name, [size[name] for size in sizes])
    write_csv(paths.comparison(study), table)
    write_csv(paths.ranking(study), rank(table, ranking))
