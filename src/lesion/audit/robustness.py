"""Sensitivity to corrupted and to natural adversarial images, beyond what compression costs on clean ones.

Hooker et al., arXiv 1911.05248, section 3.3: the drop of accuracy relative to dense, normalised by the drop on clean.
The intervals are for other members and these images, which are counted here and not kept apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from lesion.artifacts.tables import ROBUSTNESS, read_parquet
from lesion.audit.comparison.populations import Origins, is_paired, read_origins
from lesion.audit.inference.intervals import LEVEL
from lesion.params.design import Design

CLEAN = "clean"
ADVERSARIAL = "natural-adversarial"  # how the names of such sets begin
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Accuracies:
    """Accuracy of a population on each corruption, averaged over severities.

    Attributes
    ----------
    mean : index: corruption, in the order of the file; columns: top1 and top5, means over members, and images (how many
        each member saw)
    top1 : float64 (corruptions, members)
    origins : what the members were trained from, None where not known
    """

    mean: pd.DataFrame
    top1: Floats
    origins: Origins | None = None


def read_accuracies(files: Sequence[Path]) -> Accuracies:
    """The accuracies of a population, as fractions, from its counts of correct answers, a file a shard."""
    frame = pd.concat(read_parquet(path, ROBUSTNESS).to_pandas() for path in files)
    order = list(dict.fromkeys(frame["corruption"]))
    counts = ["correct", "correct_top5", "total"]
    sums = frame.groupby("corruption", observed=True)[counts].sum().loc[order]
    mean = pd.DataFrame(
        {
            "top1": sums["correct"] / sums["total"],
            "top5": sums["correct_top5"] / sums["total"],
            "images": sums["total"] // frame["member"].nunique(),
        }
    )
    each = frame.groupby(["corruption", "member"], observed=True)[counts].sum()
    top1 = (each["correct"] / each["total"]).unstack().loc[order].to_numpy()
    return Accuracies(mean, top1, read_origins(files, members=top1.shape[1]))


def _half_width(dense: Accuracies, compressed: Accuracies, design: Design) -> Floats:
    """Half the 95 % interval of what is extra on each corruption, by the delta method: float64 (corruptions,).

    extra = c / d − c0 / d0 of mean accuracies, so a member adds to it what its own add to c, c0, d and d0. NaN for a
    single member.
    """
    clean = list(dense.mean.index).index(CLEAN)
    d, c = dense.top1.mean(axis=1), compressed.top1.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        after = compressed.top1 / d[:, None] - compressed.top1[clean] / d[clean]
        before = dense.top1 * (c / d**2)[:, None] - dense.top1[clean] * c[clean] / d[clean] ** 2
    members = dense.top1.shape[1], compressed.top1.shape[1]
    paired = is_paired(dense.origins, compressed.origins, members, design)
    parts = [after - before] if paired else [after, before]
    if min(part.shape[1] for part in parts) < 2:
        return np.full(len(d), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):  # where dense members recognise nothing
        variances = [part.var(axis=1, ddof=1) / part.shape[1] for part in parts]
        total = np.sum(variances, axis=0)
        weights = [of**2 / (part.shape[1] - 1) for of, part in zip(variances, parts, strict=True)]
        freedom = np.where(total > 0, total**2 / np.sum(weights, axis=0), 1)
    return np.asarray(special.stdtrit(freedom, (1 + LEVEL) / 2) * np.sqrt(total))


def sensitivity(accuracies: Mapping[str, Accuracies], *, design: Design, dense: str = "dense") -> pd.DataFrame:
    """One row a compressed variant and corruption: what it loses there beyond what it loses on clean images.

    Columns: variant, corruption, top1, top5, images, dense_top1, dense_top5; relative_top1 = top1 / dense_top1 − 1
    (the drop relative to dense, as a fraction), clean_relative_top1 (the same on clean images), and
    extra_top1 = relative_top1 − clean_relative_top1, negative where the corruption hurts more than compression does
    anyway; the same three for top-5; extra_top1_low and extra_top1_high, its 95 % interval for other members.

    Parameters
    ----------
    accuracies : variant → its accuracies, dense among them
    design : whether members are taken as pairs, which narrows the interval

    Raises
    ------
    InputError
        Where pairs are asked for and a population has another number of members than dense.
    """
    rows = []
    base = accuracies[dense]
    for variant, found in accuracies.items():
        if variant == dense:
            continue
        frame = found.mean.copy()
        for measure in ("top1", "top5"):
            frame[f"dense_{measure}"] = base.mean[measure]
            relative = frame[measure] / base.mean[measure] - 1
            frame[f"relative_{measure}"] = relative
            frame[f"clean_relative_{measure}"] = relative[CLEAN]
            frame[f"extra_{measure}"] = relative - relative[CLEAN]
        half = _half_width(base, found, design)
        frame["extra_top1_low"], frame["extra_top1_high"] = frame["extra_top1"] - half, frame["extra_top1"] + half
        frame.insert(0, "variant", variant)
        rows.append(frame.rename_axis("corruption").reset_index())
    return pd.concat(rows, ignore_index=True)
