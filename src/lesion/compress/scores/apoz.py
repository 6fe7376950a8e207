"""APoZ: units that are seldom active matter least (network trimming, Hu et al., arXiv 1607.03250).

The average percentage of zeros is the share of a unit's activations, over images and positions, that are not positive
(zero, after a rectifier). `compress.activations` defines the activation of a unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """Number of training images to measure on."""

    images: int = Field(ge=1)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """Share of each unit's activations that are positive, (units,)."""
    from lesion.compress.activations import activations

    found = activations(probe, options.images)
    return {"positive": {name: layer.positive for name, layer in found.items()}}


def score(weight: Tensor, *, positive: Tensor) -> Tensor:
    """1 − APoZ of the unit (eq. 1), for all of its weights."""
    from lesion.compress.units import over_weights

    return over_weights(positive, weight)
