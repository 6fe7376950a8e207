"""Layer-wise Optimal Brain Surgeon: weights matter by how much the layer's output changes without them.

Dong et al. (arXiv 1705.07565). The error is the squared change of a layer's outputs before the activation function, for
the inputs that the network gives it. Its Hessian is the same for each output channel and zero between channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


LOWERS_LOSS = False  # it lowers the error of each layer's outputs


class Options(Settings):
    """Number of training images, and the amount to add to the Hessian's diagonal as a share of the diagonal's mean."""

    images: int = Field(ge=1)
    damping: float = Field(gt=0)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """The damped Hessian (groups, d, d), d weights an output channel, and the diagonal of its inverse (groups, d).

    Only for convolutions and linear layers. The inverse ignores the masks.
    """
    import torch

    from lesion.compress.measurements.layer_inputs import second_moments
    from lesion.compress.measurements.surgeon import damp, inverse_diagonal

    curvature = second_moments(probe, options.images)
    inverse = {}
    for name, hessian in curvature.items():
        damp(hessian, options.damping)
        inverse[name] = inverse_diagonal(hessian, torch.ones_like(hessian[:, 0], dtype=torch.bool))
    return {"inverse_diagonal": inverse, "curvature": curvature}


def score(weight: Tensor, *, inverse_diagonal: Tensor, **_: Tensor) -> Tensor:
    """w² / (2 [H⁻¹]_qq), the least cost of removing the weight. Shape (output channels, …), same shape back."""
    rows = weight.reshape(len(inverse_diagonal), -1, inverse_diagonal.shape[1])
    return (rows.square() / (2 * inverse_diagonal[:, None])).reshape(weight.shape)


def compensate(weight: Tensor, mask: Tensor, options: Options, *, curvature: Tensor, **_: Tensor) -> Tensor:  # noqa: ARG001
    """The weight, zero where `mask` is False, with the kept weights of each output channel adjusted for the loss.

    The paper removes one weight after the other; this computes the final result for a given mask at once.
    """
    import torch

    from lesion.compress.measurements.surgeon import compensated

    shape = (len(curvature), -1, curvature.shape[-1])
    groups = zip(weight.reshape(shape), mask.reshape(shape), curvature, strict=True)
    return torch.stack([compensated(*group) for group in groups]).reshape(weight.shape)
