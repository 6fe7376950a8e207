"""BN scale: units with a small batch-norm scale matter least (network slimming, Liu et al., arXiv 1708.06519)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """No settings."""


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:  # noqa: ARG001
    """Scale γ, (units,), of each layer's batch norm, without its mask. Layers without a batch norm stay dense.

    Raises
    ------
    InputError
        If no layer has a batch norm.
    """
    from lesion.compress.units import probed_units, scale_under_mask

    norms = {name: unit.norm for name, unit in probed_units(probe).items() if unit.norm is not None}
    if not norms:
        raise InputError("score bn-scale: in this network no batch norm reads the output of a layer")
    return {"scale": {name: scale_under_mask(norm).detach() for name, norm in norms.items()}}


def score(weight: Tensor, *, scale: Tensor) -> Tensor:
    """|γ| of the unit, for all of its weights."""
    from lesion.compress.units import over_weights

    return over_weights(scale.abs(), weight)
