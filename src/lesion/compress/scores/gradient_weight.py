"""Gradient × weight: weights matter whose removal changes the loss, to first order.

At initialisation it is SNIP (Lee et al., arXiv 1810.02340), later a Taylor score (Molchanov et al., arXiv 1611.06440).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """Over how many images the gradient is taken."""

    images: int = Field(ge=1)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """The gradient of the mean loss, as training sees it."""
    from lesion.compress.statistics.gradient import mean_gradient

    return {"gradient": mean_gradient(probe, probe.loss, options.images, training=True)}


def score(weight: Tensor, *, gradient: Tensor) -> Tensor:
    """|g·w|: the slope of the loss in a factor on the weight, at 1 (SNIP, eq. 5; not divided by the sum).

    Any shape, same shape back.
    """
    return (gradient * weight).abs()
