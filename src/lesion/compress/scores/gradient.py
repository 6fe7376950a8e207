"""Gradient: weights with a large gradient of the loss matter most, masked weights included.

RigL's growth score (Evci et al., arXiv 1911.11134).
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
    """Gradient of the mean loss, in training mode unless the network trains no more."""
    from lesion.compress.measurements.gradient import mean_gradient

    return {"gradient": mean_gradient(probe, probe.loss, options.images, training=probe.trains)}


def score(weight: Tensor, *, gradient: Tensor) -> Tensor:  # noqa: ARG001
    """|g| (section 3, "grow"). Any shape, same shape back."""
    return gradient.abs()
