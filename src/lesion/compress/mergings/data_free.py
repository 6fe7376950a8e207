"""Data-free: the unit whose weights are most like those of another leaves, which takes its outgoing weights over.

Srinivas & Babu, arXiv 1507.06149, section 3, in the order of their algorithm. Their layers are fully connected without
a batch norm. Here a batch norm is folded into the weights first, and the outgoing weights of a channel are all that
read it, of all positions of a filter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from lesion.compress.merging import Layer, Merge


class Options(Settings):
    """No settings."""


def merge(layer: Layer, leaving: int, options: Options) -> Merge:  # noqa: ARG001
    """Delete the unit j of the least saliency s_ij = ⟨a_j²⟩ · ‖w_i − w_j‖², add a_j to a_i, and again.

    w: the weights that compute a unit, with its bias; a: those that read it; ⟨·⟩: the mean over them. A row and a
    column of the matrix of saliencies go with j, and column i follows the new a_i.
    """
    import torch

    from lesion.compress.merging import Merge

    weight, reading = layer.augmented(), layer.reading.clone()
    # by differences: a matrix product would lose small distances between large weights
    distance = torch.cdist(weight, weight, compute_mode="donot_use_mm_for_euclid_dist").square()
    distance.fill_diagonal_(torch.inf)
    saliency = reading.square().mean(dim=1) * distance
    saliency.fill_diagonal_(torch.inf)  # also of a unit that nothing reads
    onto, kept = torch.eye(len(layer), dtype=torch.float64), torch.ones(len(layer), dtype=torch.bool)
    for _ in range(leaving):
        i, j = divmod(int(saliency.argmin()), len(layer))
        reading[i] += reading[j]
        onto[:, i] += onto[:, j]
        onto[:, j], kept[j] = 0, False
        saliency[j], saliency[:, j] = torch.inf, torch.inf
        column = reading[i].square().mean() * distance[:, i]
        saliency[:, i] = column.where(kept & (column.isfinite()), torch.inf)
    return Merge(kept, onto, torch.zeros(len(layer), dtype=torch.float64))
