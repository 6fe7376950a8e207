"""Gradient × weight: weights matter by how much their removal changes the loss, to first order.

At initialisation this is SNIP (Lee et al., arXiv 1810.02340), later a Taylor score (Molchanov et al., arXiv
1611.06440). SNIP's published code measures in evaluation mode (`is_train: False`), where a batch norm that has not been
trained does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """Number of images for the gradient, and the mode of the network.

    `mode`: null for training if the network trains afterwards (method `prune`), else evaluation (`prune-trained`).
    """

    images: int = Field(ge=1)
    mode: Literal["training", "evaluation"] | None = None


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """Gradient of the mean loss."""
    from lesion.compress.measurements.gradient import mean_gradient, trains

    training = trains(probe, options.mode)
    return {"gradient": mean_gradient(probe, probe.loss, options.images, training=training)}


def score(weight: Tensor, *, gradient: Tensor) -> Tensor:
    """|g·w|, without SNIP's division by the sum (eq. 5). Any shape, same shape back."""
    return (gradient * weight).abs()
