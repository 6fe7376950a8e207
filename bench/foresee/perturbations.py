"""Sizes of perturbations that flip as many answers as flipped, and how far sizes of others foretell their number."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.foresee.sources import Compared
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.foresight.perturbations import WIDER
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
    """What the sizes of the other models of a kind foretell, as `lesion foresee` would, beside what there is.

    From the median margin of one model; and of compressed models that are trained from scratch, from other seeds.
    """
    for place, row in table.iterrows():
        others = table[(table["kind"] == row["kind"]) & (table["models"] != row["models"])]
        units = {
            "": ("over_median", row["median_margin"]),
            "_by_seeds": ("over_seeds", row["size"] / row["over_seeds"]),
        }
        found: dict[str, object] = {"place": place}
        for name, (column, unit) in units.items():
            known = others[column].dropna()
            if len(known) and not np.isnan(unit):
                margin, ends = margins[row["data"], row["models"]], (known.min() / WIDER, known.max() * WIDER)
                chances = [flip_chance(margin, unit * end).mean(axis=0) for end in ends]
                noise = [1.96 * np.sqrt((chance * (1 - chance)).sum()) for chance in chances]
                low, high = max(chances[0].sum() - noise[0], 0), chances[1].sum() + noise[1]
                inside = bool(low <= row["flips"] <= high)
                found |= {f"low{name}": low, f"high{name}": high, f"inside{name}": inside}
        yield found
