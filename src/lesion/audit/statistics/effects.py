"""How much compression changes a study as a whole, with intervals for other members and other examples."""

import numpy as np
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.classes import class_names
from lesion.audit.comparison.populations import Population, check_comparable, is_paired, read_population
from lesion.audit.inference.effects import change
from lesion.audit.inference.intervals import DEVIATIONS
from lesion.audit.statistics.resampling import Pool, bootstrap, pie_flags
from lesion.params.design import Design
from lesion.params.resamples import Resamples
from lesion.seeds import derive_seed


def pie_share(
    dense: Population,
    compressed: Population,
    *,
    classes: int,
    paired: bool,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """The share of examples that are PIE, and the ends of its 95 % interval.

    The variance over members is that of a bootstrap of whole members; its draws hold members twice, so that their
    shares are too high on average, and their spread alone is used. To it comes the variance over examples, less what
    both hold (`effects`). Of single models the interval is over examples alone.
    """
    members = len(dense.member), len(compressed.member)
    pool = Pool.of(dense, compressed, classes=classes)
    whole = np.arange(members[0])[None], members[0] + np.arange(members[1])[None]
    flags = next(pie_flags(pool, *whole))
    share, examples = float(flags.mean()), len(flags)
    over_examples = share * (1 - share) / max(examples - 1, 1)
    drawn = bootstrap(rng, dense=members[0], compressed=members[1], resamples=resamples, paired=paired)
    shares, often = np.empty(resamples), np.zeros(examples)
    for draw, flagged in enumerate(pie_flags(pool, *drawn)):
        shares[draw] = flagged.mean()
        often += flagged
    often /= resamples
    over_members, both = shares.var(ddof=1), np.mean(often * (1 - often)) / examples
    half = DEVIATIONS * np.sqrt(max(over_members + over_examples - both, over_members, over_examples))
    return share, max(0.0, share - half), min(1.0, share + half)


def effect_sizes(
    dense: Population,
    compressed: Population,
    *,
    classes: int,
    design: Design,
    resamples: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One row a measure: dense, compressed (means over members), change, low and high (its 95 % interval).

    Measures: top1 and top5, where they are known, as fractions; pie_share, the share of examples that are PIE, of which
    a single population has none.

    Raises
    ------
    InputError
        Where the populations do not hold the same examples.
    """
    check_comparable(dense, compressed)
    paired = is_paired(dense, compressed, design)
    known = {}
    if dense.label is not None:
        known["top1"] = dense.correct, compressed.correct
    if dense.correct_top5 is not None and compressed.correct_top5 is not None:
        known["top5"] = dense.correct_top5, compressed.correct_top5
    rows = [
        (name, before.mean(), after.mean(), *change(before, after, paired=paired))
        for name, (before, after) in known.items()
    ]
    share = pie_share(dense, compressed, classes=classes, paired=paired, resamples=resamples, rng=rng)
    rows.append(("pie_share", np.nan, np.nan, *share))
    return pd.DataFrame(rows, columns=["measure", "dense", "compressed", "change", "low", "high"])


def effects(
    *, study: str, variant: str, shards: list[str], root_seed: int, design: Design, resamples: Resamples
) -> None:
    """The step: read both populations, write `effects/<variant>.csv`."""
    dense, compressed = (read_population(study, name, shards) for name in ("dense", variant))
    rng = np.random.default_rng(derive_seed(root_seed, study, variant, "effects"))
    table = effect_sizes(
        dense,
        compressed,
        classes=len(class_names(study)),
        design=design,
        resamples=resamples.draws,
        rng=rng,
    )
    write_csv(paths.effects(study, variant), table)
