"""Gradient × weight: weights matter by how much their removal changes the loss, to first order.

At initialisation this is SNIP (Lee et al., arXiv 1810.02340), later a Taylor score (Molchanov et al., arXiv
1611.06440).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """Number of training images for the gradient."""

    images: int = Field(ge=1)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """Gradient of the mean loss in training mode."""
    from lesion.compress.measurements.gradient import mean_gradient

    return {"gradient": mean_gradient(probe, probe.loss, options.images, training=True)}


def score(weight: Tensor, *, gradient: Tensor) -> Tensor:
    """|g·w|, without SNIP's division by the sum (eq. 5). Any shape, same shape back."""
    return (gradient * weight).abs()
