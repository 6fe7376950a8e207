"""Sizes of perturbations that flip as many answers as flipped, and how far sizes of others foretell their number."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.foresee.sources import Compared
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.inference.foresight_flips import fitted_size, flip_chance
from lesion.audit.statistics.foresight import MARGIN, weights

Floats = npt.NDArray[np.float64]


def flips(comparison: Comparison) -> float:
    """Flips between a dense and a compressed model: of pairs between partners, else the mean over all of both."""
    dense, compressed = comparison.dense.prediction, comparison.compressed.prediction
    if comparison.paired or comparison.single:
        return float((dense != compressed).sum(axis=1).mean())
    return float(np.mean([(row != compressed).sum(axis=1).mean() for row in dense]))


def flips_of_seeds(comparison: Comparison) -> float:
    """Flips between two dense members, the mean over all pairs; NaN of a single one."""
    dense = comparison.dense.prediction
    apart = [(dense[one] != dense[one + 1 :]).sum(axis=1) for one in range(len(dense) - 1)]
    return float(np.concatenate(apart).mean()) if apart else float("nan")


def sizes(found: Sequence[Compared]) -> pd.DataFrame:
    """One row a comparison of a known kind, and one for the seeds of each population of several."""
    rows, seen = [], set()
    for one in found:
        margin = weights(one.comparison.dense)[MARGIN]
        known = {"data": one.data, "models": one.models, "examples": margin.shape[1]}
        seeds = flips_of_seeds(one.comparison)
        if one.data not in seen and not np.isnan(seeds):
            rows.append(_row(known | {"variant": "another seed", "kind": "retrained"}, margin, seeds, np.nan))
            seen.add(one.data)
        if one.kind:
            of_seeds = np.nan if np.isnan(seeds) or one.comparison.paired else _size(margin, seeds)
            said = {"variant": one.variant, "kind": one.kind}
            rows.append(_row(known | said, margin, flips(one.comparison), of_seeds))
    return pd.DataFrame(rows).sort_values(["kind", "data", "models"], kind="stable")


def _size(margin: Floats, count: float) -> float:
    return fitted_size(margin, count * len(margin))


def _row(known: dict[str, object], margin: Floats, count: float, of_seeds: float) -> dict[str, object]:
    size, median = _size(margin, count), float(np.median(margin))
    return known | {
        "flips": count, "median_margin": median, "size": size, "over_median": size / median,
        "over_seeds": size / of_seeds,
    }  # fmt: skip


def left_out(table: pd.DataFrame, margins: dict[tuple[str, str], Floats]) -> Iterator[dict[str, object]]:
    """What the smallest and the largest size of the other models of a kind expect, beside what there is."""
    for place, row in table.iterrows():
        others = table[
            (table["kind"] == row["kind"]) & (table["models"] + table["data"] != row["models"] + row["data"])
        ]
        if others.empty:
            continue
        margin = margins[row["data"], row["models"]]
        low, high = (
            float(flip_chance(margin, size * row["median_margin"]).sum() / len(margin))
            for size in (others["over_median"].min(), others["over_median"].max())
        )
        yield {"place": place, "expected_low": low, "expected_high": high, "inside": low <= row["flips"] <= high}
