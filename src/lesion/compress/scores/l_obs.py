"""Layer-wise Optimal Brain Surgeon: weights matter that the layer's own output needs (Dong et al., arXiv 1705.07565).

The error is the squared change of a layer's outputs before the non-linearity, with the inputs that the network gives
it. Its Hessian is the same for all output channels, and joins none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """Over how many images, and what is added to the diagonal of the Hessian, as a share of its mean."""

    images: int = Field(ge=1)
    damping: float = Field(gt=0)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """The damped Hessian, (groups, d, d), d the weights of an output channel, and its inverse's diagonal (groups, d).

    Of weights of convolutions and linear layers alone; the inverse is that of the layer without masks.
    """
    import torch

    from lesion.compress.statistics.layer_inputs import second_moments
    from lesion.compress.statistics.surgeon import inverse_diagonal

    curvature = second_moments(probe, options.images)
    inverse = {}
    for name, hessian in curvature.items():
        diagonal = hessian.diagonal(dim1=1, dim2=2)
        mean = diagonal.mean(dim=1, keepdim=True)
        diagonal.add_(options.damping * mean.masked_fill(mean == 0, 1))  # all inputs may be zero
        inverse[name] = inverse_diagonal(hessian, torch.ones_like(diagonal, dtype=torch.bool))
    return {"inverse_diagonal": inverse, "curvature": curvature}


def score(weight: Tensor, *, inverse_diagonal: Tensor, **_: Tensor) -> Tensor:
    """w² / (2 [H⁻¹]_qq), what removing the weight costs at best. Shape (output channels, …), same shape back."""
    rows = weight.reshape(len(inverse_diagonal), -1, inverse_diagonal.shape[1])
    return (rows.square() / (2 * inverse_diagonal[:, None])).reshape(weight.shape)


def compensate(weight: Tensor, mask: Tensor, options: Options, *, curvature: Tensor, **_: Tensor) -> Tensor:  # noqa: ARG001
    """The weight with zeros where the mask (bool, true where kept) says, the rest of each output channel making good.

    The paper removes one weight after the other; this is where that ends for a given mask, computed at once.
    """
    import torch

    from lesion.compress.statistics.surgeon import compensated

    shape = (len(curvature), -1, curvature.shape[-1])
    groups = zip(weight.reshape(shape), mask.reshape(shape), curvature, strict=True)
    return torch.stack([compensated(*group) for group in groups]).reshape(weight.shape)
