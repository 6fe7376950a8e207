"""Sensitivity to corrupted and to natural adversarial images, beyond what compression costs on clean ones.

Hooker et al., arXiv 1911.05248, section 3.3: the drop of accuracy relative to dense, normalised by the drop on clean.
"""

from collections.abc import Mapping

import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.tables import ROBUSTNESS, read_parquet

CLEAN = "clean"
ADVERSARIAL = "natural-adversarial"  # how the names of such sets begin


def read_accuracies(study: str, variant: str, shards: list[str]) -> pd.DataFrame:
    """Top-1 and top-5 of a population on each corruption, as fractions, averaged over severities and members.

    Index: corruption, in the order of the file; columns: top1, top5, images (how many each member saw).
    """
    frame = pd.concat(read_parquet(paths.robustness(study, variant, shard), ROBUSTNESS).to_pandas() for shard in shards)
    order = list(dict.fromkeys(frame["corruption"]))
    sums = frame.groupby("corruption", observed=True)[["correct", "correct_top5", "total"]].sum().loc[order]
    return pd.DataFrame(
        {
            "top1": sums["correct"] / sums["total"],
            "top5": sums["correct_top5"] / sums["total"],
            "images": sums["total"] // frame["member"].nunique(),
        }
    )


def sensitivity(accuracies: Mapping[str, pd.DataFrame], dense: str = "dense") -> pd.DataFrame:
    """One row a compressed variant and corruption: what it loses there beyond what it loses on clean images.

    Columns: variant, corruption, top1, top5, images, dense_top1, dense_top5; relative_top1 = top1 / dense_top1 − 1
    (the drop relative to dense, as a fraction), clean_relative_top1 (the same on clean images), and
    extra_top1 = relative_top1 − clean_relative_top1, negative where the corruption hurts more than compression does
    anyway; the same three for top-5.
    """
    rows = []
    base = accuracies[dense]
    for variant, table in accuracies.items():
        if variant == dense:
            continue
        frame = table.copy()
        for score in ("top1", "top5"):
            frame[f"dense_{score}"] = base[score]
            relative = table[score] / base[score] - 1
            frame[f"relative_{score}"] = relative
            frame[f"clean_relative_{score}"] = relative[CLEAN]
            frame[f"extra_{score}"] = relative - relative[CLEAN]
        frame.insert(0, "variant", variant)
        rows.append(frame.rename_axis("corruption").reset_index())
    return pd.concat(rows, ignore_index=True)
