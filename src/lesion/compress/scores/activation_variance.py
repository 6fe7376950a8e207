"""Activation variance: units that always give nearly the same matter least, and give just that when they are pruned.

Units of constant output go, and what they gave is added to the next biases (Sietsma & Dow 1991); a unit that has no
bias, of a norm or its own, gives zero. Activations, and where they are read, are those of `compress.activations`.
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
    """The variance of each unit's activation over images and positions, and the constant in its place: (units,)."""
    from lesion.compress.activations import activations

    found = activations(probe, options.images)
    return {
        "variance": {name: layer.variance for name, layer in found.items()},
        "constant": {name: layer.constant for name, layer in found.items()},
    }


def score(weight: Tensor, *, variance: Tensor, constant: Tensor) -> Tensor:  # noqa: ARG001
    """The variance of the unit's activation, for all of its weights."""
    from lesion.compress.units import over_weights

    return over_weights(variance, weight)


def constants(*, variance: Tensor, constant: Tensor) -> Tensor:  # noqa: ARG001
    """What takes the place of the bias that is added last, (units,).

    It is the mean activation, where a rectifier or none follows. Any other activation function would bend that: there
    it is the mean of what the function reads.
    """
    return constant
