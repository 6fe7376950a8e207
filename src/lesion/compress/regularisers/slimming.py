"""Slimming: the sum of absolute batch-norm scales, which makes channels small (Liu et al., arXiv 1708.06519, eq. 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.learned import Learned
    from lesion.compress.probe import Probe

LEARNS_MASKS = False


class Options(Settings):
    """Factor on the sum of absolute scales, in nats. Only batch norms that belong to a prunable layer count."""

    strength: float = Field(gt=0)


class Regulariser:
    """Adds strength · Σ|γ| in every step, masked scales included.

    Raises
    ------
    InputError
        If no batch norm belongs to a layer.
    """

    def __init__(self, options: Options, probe: Probe, *, steps: int, examples: int) -> None:  # noqa: ARG002
        from lesion.compress.units import probed_units, scale_under_mask

        self.learned: list[Learned] = []
        self._strength = options.strength
        norms = [unit.norm for unit in probed_units(probe).values() if unit.norm is not None]
        if not norms:
            raise InputError("regulariser slimming: in this network no batch norm reads the output of a layer")
        self._scales: list[Tensor] = [scale_under_mask(norm) for norm in norms]

    def penalty(self, step: int) -> Tensor:  # noqa: ARG002
        """Strength · Σ|γ|, a scalar."""
        import torch

        return self._strength * torch.cat(self._scales).abs().sum()

    def remove(self) -> None:
        """Do nothing: nothing was added to the network."""
