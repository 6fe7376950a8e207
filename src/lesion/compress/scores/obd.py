"""Optimal Brain Damage: weights matter whose removal raises the loss, to second order (LeCun et al. 1990).

The second derivative by each weight is that of the Gauss-Newton matrix (the paper's Levenberg-Marquardt approximation):
never negative, and for networks of ReLUs the Hessian's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """Over how many images, each with random signs of its own, the diagonal is estimated."""

    images: int = Field(ge=1)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """Diagonal of the Gauss-Newton matrix of the mean loss, in evaluation mode."""
    from lesion.compress.statistics.gauss_newton import gauss_newton_diagonal

    return {"curvature": gauss_newton_diagonal(probe, options.images, probe.generator("score"))}


def score(weight: Tensor, *, curvature: Tensor) -> Tensor:
    """h·w²/2, h the second derivative. Any shape, same shape back."""
    return curvature * weight.square() / 2
