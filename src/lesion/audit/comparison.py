"""What each method forgets at each of its levels, all trained by the same recipe.

PIE and significant classes are those of the audit of one variant. Beside them stand bands, from a bootstrap over
members (`resampling`), and what seed noise alone gives (`null`). The members of a derived variant come from dense ones,
yet the two are resampled each by itself, so its bands are rather too wide.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import write_csv
from lesion.audit.classes import class_names
from lesion.audit.impact import class_impact
from lesion.audit.null import null_counts
from lesion.audit.pie import grade
from lesion.audit.populations import Population, read_population
from lesion.audit.ranking import rank
from lesion.audit.resampling import Drawn, Resampled, band, draw_members, resample, resampled_counts
from lesion.audit.summary import accuracy_row, null_row, size_row
from lesion.params.comparison import Ranking
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.variant import method
from lesion.seeds import derive_seed

SIZES = ("sparsity", "multiply_adds", "bytes_per_member")


def counts_row(
    dense: Population,
    dense_resampled: Resampled,
    compressed: Population,
    drawn: Drawn,
    *,
    classes: int,
    settings: Impact,
) -> dict[str, float]:
    """PIE and significant classes of a compressed population, each with its band."""
    counts = {
        "pie": int(np.sum(grade(dense, compressed, classes=classes).column("pie").to_numpy())),
        "significant_classes": int(
            class_impact(dense, compressed, classes=classes, settings=settings)["significant"].sum()
        ),
    }
    resampled = resampled_counts(
        dense_resampled, resample(compressed, drawn, classes=classes, settings=settings), alpha=settings.alpha
    )
    row: dict[str, float] = {}
    for (name, count), most in zip(counts.items(), (len(dense.label), classes), strict=True):
        low, high = band(count, resampled[name], most)
        row |= {name: count, f"{name}_low": low, f"{name}_high": high}
    return row


def compare(
    dense: Population,
    compressed: Iterable[tuple[str, Population]],
    *,
    classes: int,
    settings: Impact,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """One row a variant, dense first: variant, method, accuracy and counts with their ends `_low` and `_high`.

    The members of each variant are drawn from `seed` anew, so its row does not depend on the other variants.
    Populations are looked at one at a time.

    Raises
    ------
    InputError
        Where a population has fewer than two members or other examples than dense.
    """
    drawn = draw_members(np.random.default_rng([seed, 0]), members=len(dense.member), resamples=resamples)
    dense_resampled = resample(dense, drawn, classes=classes, settings=settings)
    rows: list[dict[str, Any]] = [{"variant": "dense", "method": "dense"} | accuracy_row(dense)]
    for variant, population in compressed:
        drawn = draw_members(np.random.default_rng([seed, 1]), members=len(population.member), resamples=resamples)
        counts = counts_row(dense, dense_resampled, population, drawn, classes=classes, settings=settings)
        rows.append({"variant": variant, "method": method(variant)} | accuracy_row(population) | counts)
    return pd.DataFrame(rows).astype({"pie": "Int64", "significant_classes": "Int64"})


def comparison(
    *,
    study: str,
    shards: list[str],
    trained: list[str],
    derived: list[str],
    root_seed: int,
    settings: Impact,
    halves: Halves,
    resamples: int,
    ranking: Ranking,
) -> None:
    """The step: read the predictions of all variants, write `comparison.csv` and `ranking.csv`."""
    classes, variants = len(class_names(study)), ["dense", *trained, *derived]
    dense = read_population(study, "dense", shards)
    noise = np.random.default_rng(derive_seed(root_seed, study, "null"))
    null = null_counts(dense, classes=classes, settings=settings, splits=halves.splits, rng=noise)
    table = compare(
        dense,
        ((variant, read_population(study, variant, shards)) for variant in variants[1:]),
        classes=classes,
        settings=settings,
        resamples=resamples,
        seed=derive_seed(root_seed, study, "comparison"),
    ).assign(**null_row(null))
    sizes = [size_row(study, variant, shards) for variant in variants]
    for place, name in enumerate(SIZES, start=2):
        table.insert(place, name, [size[name] for size in sizes])
    write_csv(paths.comparison(study), table)
    write_csv(paths.ranking(study), rank(table, ranking))
