"""Geometric median: filters close to the others of their layer matter least (FPGM, He et al., arXiv 1811.00250)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor


class Options(Settings):
    """No settings."""


def score(weight: Tensor) -> Tensor:
    """Σⱼ ‖Fᵢ − Fⱼ‖₂ over the filters F of the layer, for all weights of filter i. Same shape back."""
    import torch

    from lesion.compress.units import over_weights

    filters = weight.flatten(1)
    # by differences: a matrix product would lose small distances between large filters
    distances = torch.cdist(filters, filters, compute_mode="donot_use_mm_for_euclid_dist")
    return over_weights(distances.sum(dim=1), weight)
