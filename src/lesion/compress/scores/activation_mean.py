"""Activation mean: units whose activation is small on average matter least (Molchanov et al., arXiv 1611.06440).

Activations, and where they are read, are those of `compress.activations`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """How many training images are looked at."""

    images: int = Field(ge=1)


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """The mean absolute activation of each unit, (units,)."""
    from lesion.compress.activations import activations

    found = activations(probe, options.images)
    return {"absolute": {name: layer.absolute for name, layer in found.items()}}


def score(weight: Tensor, *, absolute: Tensor) -> Tensor:
    """The mean absolute activation of the unit, for all of its weights (section 2.2, "activation")."""
    from lesion.compress.units import over_weights

    return over_weights(absolute, weight)
