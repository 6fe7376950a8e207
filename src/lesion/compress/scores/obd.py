"""Optimal Brain Damage: weights matter whose removal raises the loss, to second order (LeCun et al. 1990)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """Over how many images, and from how many random vectors the diagonal of the Hessian is estimated."""

    images: int = Field(ge=1)
    vectors: int = Field(ge=1)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """Diagonal of the mean loss's Hessian, in evaluation mode, where the paper approximates it (Gauss-Newton)."""
    from lesion.compress.statistics.hessian import hessian_diagonal, rademacher

    vectors = rademacher(probe.network.weights(), options.vectors, probe.generator("score"))
    return {"hessian_diagonal": hessian_diagonal(probe, vectors, options.images)}


def score(weight: Tensor, *, hessian_diagonal: Tensor) -> Tensor:
    """h·w²/2, negative where h is. Any shape, same shape back."""
    return hessian_diagonal * weight.square() / 2
