"""L1: the sum of absolute weights, which makes many of them small (Han et al., arXiv 1506.02626, section 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.learned import Learned
    from lesion.compress.probe import Probe

LEARNS_MASKS = False


class Options(Settings):
    """Factor on the sum of the absolute values of all prunable weights, in nats."""

    strength: float = Field(gt=0)


class Regulariser:
    """Adds strength · Σ|w| in every step, masked weights included."""

    def __init__(self, options: Options, probe: Probe, *, steps: int, examples: int) -> None:  # noqa: ARG002
        self.learned: list[Learned] = []
        self._strength = options.strength
        self._weights = list(probe.network.parameters().values())

    def penalty(self, step: int) -> Tensor:  # noqa: ARG002
        """Strength · Σ|w|, a scalar."""
        import torch

        return self._strength * torch.stack([weight.abs().sum() for weight in self._weights]).sum()

    def remove(self) -> None:
        """Do nothing: nothing was added to the network."""
