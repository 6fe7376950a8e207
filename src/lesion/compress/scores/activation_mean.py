"""Activation mean: units with a small mean activation matter least (Molchanov et al., arXiv 1611.06440).

`compress.activations` defines the activation of a unit.
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
    """Mean absolute activation of each unit, (units,)."""
    from lesion.compress.activations import activations

    found = activations(probe, options.images)
    return {"absolute": {name: layer.absolute for name, layer in found.items()}}


def score(weight: Tensor, *, absolute: Tensor) -> Tensor:
    """Mean absolute activation of the unit, for all of its weights (section 2.2, "activation")."""
    from lesion.compress.units import over_weights

    return over_weights(absolute, weight)
