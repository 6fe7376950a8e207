"""The null: what the audit counts where there is nothing but seed noise, beside what it counts, like for like.

Independent members: two halves of the dense population differ in nothing but their seeds, so what the audit finds
between them is noise. A half has fewer members than the populations, and noisier modal labels; so the counts beside the
null are those between as many dense and as many compressed members, drawn as often, and the excess is the difference of
the two.

Members that share seeds or a parent: seed noise is in both alike, and halves would overstate it. If compression changed
nothing, who is dense and who compressed would be a coin for each pair, so the null swaps them at random, all members
kept.
"""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.classes import class_names
from lesion.audit.comparison.populations import Population, check_comparable, is_paired, read_population
from lesion.audit.statistics.resampling import Pool, Rows, counts
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.seeds import derive_seed


def halves(members: int, size: int, splits: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Two disjoint sets of `size` members, many times: all ways where there are no more than `splits`, else random
    ones.

    Returns
    -------
    int64 (ways, size), int64 (ways, size)
    """
    if comb(members, 2 * size) * comb(2 * size, size) // 2 <= splits:
        ways = [
            ((chosen[0], *half), tuple(member for member in chosen[1:] if member not in half))
            for chosen in combinations(range(members), 2 * size)
            for half in combinations(chosen[1:], size - 1)
        ]
        ones, others = (np.array(side) for side in zip(*ways, strict=True))
        return ones, others
    drawn = np.array([rng.permutation(members)[: 2 * size] for _ in range(splits)])
    return np.sort(drawn[:, :size]), np.sort(drawn[:, size:])


def subsets(members: int, size: int, draws: int, rng: np.random.Generator) -> Rows:
    """Members drawn without replacement, each draw by itself: int64 (draws, size)."""
    return np.array([np.sort(rng.permutation(members)[:size]) for _ in range(draws)])


def swaps(pairs: int, splits: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Rows of a pool with the members of some pairs swapped: all ways where there are no more than `splits`.

    Swapping all pairs changes no count, so the first pair is never swapped where all ways are taken.
    """
    if pairs - 1 < 63 and 2 ** (pairs - 1) <= splits:
        swapped = (np.arange(2 ** (pairs - 1))[:, None] >> np.arange(pairs)[::-1]) & 1
    else:
        swapped = rng.integers(0, 2, (splits, pairs))
    rows = np.arange(pairs)
    return rows + pairs * swapped, rows + pairs * (1 - swapped)


def null_counts(
    dense: Population,
    compressed: Population,
    *,
    classes: int,
    settings: Impact,
    splits: int,
    design: Design,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One row a split: split, design (halves or swaps), members (of each side), the null's counts and the audit's.

    Columns null_pie, null_significant_classes and null_significant_classes_fdr are what seed noise gives; pie,
    significant_classes and significant_classes_fdr what there is between dense and compressed members, as many as in
    the null. Without labels there are no classes. The same `rng` gives the same dense halves whatever is compressed.

    Raises
    ------
    InputError
        Where there are fewer than four dense members, or two pairs or compressed members, or the populations differ in
        examples.
    """
    check_comparable(dense, compressed)
    paired, members = is_paired(dense, compressed, design), len(dense.member)
    pool = Pool.of(dense, compressed, classes=classes)
    if members < (2 if paired else 4) or len(compressed.member) < 2:
        raise InputError(
            "the null needs two pairs of members at least"
            if paired
            else f"the null needs four dense members and two compressed at least, there are {members} and"
            f" {len(compressed.member)}"
        )
    if paired:
        ones, others = swaps(members, splits, rng)
        noise = counts(pool, ones, others, settings=settings, paired=True)
        whole = np.arange(members)[None]
        seen = counts(pool, whole, members + whole, settings=settings, paired=True)
        seen = seen.loc[[0] * len(noise)].reset_index(drop=True)
        size = members
    else:
        size = min(members // 2, len(compressed.member))
        ones, others = halves(members, size, splits, rng)
        noise = counts(pool, ones, others, settings=settings, paired=False)
        after = members + subsets(len(compressed.member), size, len(ones), rng)
        seen = counts(pool, ones, after, settings=settings, paired=False)
    table = pd.concat([noise.add_prefix("null_"), seen], axis=1)
    table.insert(0, "split", range(len(table)))
    table.insert(1, "design", "swaps" if paired else "halves")
    table.insert(2, "members", size)
    return table


def beside_null(null: pd.DataFrame, count: str) -> dict[str, float]:
    """A count beside seed noise: null, null_low and null_high, mean and 95 % range over the splits; matched and excess.

    Parameters
    ----------
    null : rows of `null_counts`
    count : pie, significant_classes or significant_classes_fdr

    Returns
    -------
    matched is the mean count between as many dense and compressed members as in the null, excess what it has more
    """
    noise, seen = null[f"null_{count}"], float(null[count].mean())
    low, high = np.percentile(noise, [2.5, 97.5])
    mean = float(noise.mean())
    return {"null": mean, "null_low": float(low), "null_high": float(high), "matched": seen, "excess": seen - mean}


def null(
    *, study: str, variant: str, shards: list[str], root_seed: int, settings: Impact, halves: Halves, design: Design
) -> None:
    """The step: read both populations, write `null/<variant>.csv`."""
    rng = np.random.default_rng(derive_seed(root_seed, study, "null"))
    dense, compressed = (read_population(study, name, shards) for name in ("dense", variant))
    table = null_counts(
        dense,
        compressed,
        classes=len(class_names(study)),
        settings=settings,
        splits=halves.splits,
        design=design,
        rng=rng,
    )
    write_csv(paths.null(study, variant), table)
