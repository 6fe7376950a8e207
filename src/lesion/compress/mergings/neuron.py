"""Neuron merging: a unit that leaves is taken over by the unit that stays whose weights point most alike.

Kim et al., arXiv 2010.13160, section 3; defaults are those of their scripts for VGG-16 and ResNet-56 on CIFAR-10 (for
LeNet-300-100 the `threshold` is 0.45). It is exact for activation functions with f(s · x) = s · f(x) for s > 0, as
rectifiers are.

With a batch norm two differences from the public code (github.com/friendshipkim/neuron-merging, decompose.py): there
the running variance stands where the equations have the standard deviation, and the unit that leaves and the one that
stays are exchanged in S and B. Here S and B are those that make two units with the same direction equal, and units with
S ≤ 0 take over nothing, since a rectifier does not let a negative scale through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.merging import Layer, Merge, Norm


class Options(Settings):
    """How units are chosen and compared.

    `criterion`: the units with the largest norm of their weights stay (l1, l2), or those with the largest sum of
    distances from the others (l2-gm);
    `threshold`: least cosine similarity of a unit that is taken over; the others leave without;
    `cosine_share`: λ, the share of the cosine distance beside that of the biases; only with a batch norm.
    """

    criterion: Literal["l1", "l2", "l2-gm"] = "l1"
    threshold: float = Field(default=0.1, ge=-1, le=1)
    cosine_share: float = Field(default=0.85, ge=0, le=1)


def merge(layer: Layer, leaving: int, options: Options) -> Merge:
    """Scale each unit that leaves from the most similar unit that stays (algorithms 1 to 3).

    Weights are compared with the bias beside them where there is no batch norm, and without one where there is.
    """
    import torch

    from lesion.compress.masks import keep_largest
    from lesion.compress.merging import Merge

    weight = layer.weight if layer.norm is not None else layer.augmented()
    kept = keep_largest(_importance(weight, options.criterion)[None], leaving)[0]
    found = Merge.of(kept)
    norm = torch.linalg.vector_norm(weight, dim=1)
    similarity = torch.nn.functional.normalize(weight) @ torch.nn.functional.normalize(weight).T
    stay, leave = kept.nonzero().flatten(), (~kept).nonzero().flatten()
    scale = norm[leave, None] / norm[stay]
    distance = 1 - similarity[leave[:, None], stay]
    if layer.norm is not None:
        scale, offset = through_norm(scale, layer.norm, leave, stay)
        distance = options.cosine_share * distance + (1 - options.cosine_share) * _bias_distance(scale, offset)
    distance = distance.where((scale > 0) & scale.isfinite(), torch.inf)
    least, nearest = distance.min(dim=1)
    rows = torch.arange(len(leave))
    merged = least.isfinite() & (similarity[leave, stay[nearest]] >= options.threshold)
    found.onto[leave[merged], stay[nearest[merged]]] = scale[rows, nearest][merged]
    return found


def _importance(weight: Tensor, criterion: str) -> Tensor:
    import torch

    if criterion == "l2-gm":
        return torch.cdist(weight, weight, compute_mode="donot_use_mm_for_euclid_dist").sum(dim=1)
    norm: Tensor = torch.linalg.vector_norm(weight, ord={"l1": 1, "l2": 2}[criterion], dim=1)
    return norm


def through_norm(scale: Tensor, norm: Norm, leave: Tensor, stay: Tensor) -> tuple[Tensor, Tensor]:
    """S and B of section 3.3: if x_j = scale · x_i before the norm, then y_j = S · y_i + B after it.

    scale: (leaving, staying). Returns both in this shape.
    """
    factor = norm.scale / norm.deviation
    through = scale * factor[leave, None] / factor[stay]
    zero = norm.mean - norm.shift / factor  # the input for which the output is zero
    offset = factor[leave, None] * (scale * zero[stay] - norm.mean[leave, None]) + norm.shift[leave, None]
    return through, offset


def _bias_distance(scale: Tensor, offset: Tensor) -> Tensor:
    """|B| / S over the units that can stay, from 0 to 1 in each row."""
    import torch

    distance = (offset.abs() / scale).where((scale > 0) & scale.isfinite(), torch.nan)
    least = distance.nan_to_num(torch.inf).amin(dim=1, keepdim=True)
    most = distance.nan_to_num(-torch.inf).amax(dim=1, keepdim=True)
    return (distance - least) / (most - least).where(most > least, 1.0)
