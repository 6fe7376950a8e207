"""L1: the sum of absolute weights, so that many become small (Han et al., arXiv 1506.02626, section 3.1)."""

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
    """How much the sum of the absolute values of all prunable weights adds to the loss, in nats."""

    strength: float = Field(gt=0)


class Regulariser:
    """Adds strength · Σ|w|, from the first step to the last; weights under a mask count too."""

    def __init__(self, options: Options, probe: Probe, *, steps: int, examples: int) -> None:  # noqa: ARG002
        self.learned: list[Learned] = []
        self._strength = options.strength
        self._weights = list(probe.network.parameters().values())

    def penalty(self, step: int) -> Tensor:  # noqa: ARG002
        """A scalar."""
        import torch

        return self._strength * torch.stack([weight.abs().sum() for weight in self._weights]).sum()

    def remove(self) -> None:
        """Nothing was added."""
