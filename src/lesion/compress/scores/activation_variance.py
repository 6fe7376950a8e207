"""Activation variance: units with nearly constant activation matter least. A pruned unit outputs its mean activation.

Sietsma & Dow (1991) remove units of constant output and add the constant to the next biases. A unit without a bias, its
own or its norm's, outputs zero when pruned. `compress.activations` defines the activation of a unit.
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
    """Variance of each unit's activation over images and positions, and the constant for a pruned unit: (units,)."""
    from lesion.compress.activations import activations

    found = activations(probe, options.images)
    return {
        "variance": {name: layer.variance for name, layer in found.items()},
        "constant": {name: layer.constant for name, layer in found.items()},
    }


def score(weight: Tensor, *, variance: Tensor, constant: Tensor) -> Tensor:  # noqa: ARG001
    """Variance of the unit's activation, for all of its weights."""
    from lesion.compress.units import over_weights

    return over_weights(variance, weight)


def constants(*, variance: Tensor, constant: Tensor) -> Tensor:  # noqa: ARG001
    """Constant that replaces the last bias of a pruned unit, (units,).

    It is the mean activation if a rectifier or no activation function follows, else the mean input of that function.
    """
    return constant
