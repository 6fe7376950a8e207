"""Dense: the baseline, without compression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.plain import restorer as restorer
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from lesion.compress.probe import Sampler

KIND = "trained"
FLOAT_MEMBERS = True


class Options(Settings):
    """No settings."""


class Training:
    """Does nothing beside the optimiser's steps (`compress.training.Training`)."""

    trainings = 1
    learned: tuple[()] = ()

    def __init__(
        self, model: nn.Module, options: Options, *, steps: int, sample: Sampler | None, examples: int, seed: int
    ) -> None: ...

    def before_step(self, step: int, optimiser: Optimizer) -> None:
        """Do nothing."""

    def penalty(self, step: int) -> Tensor | None:  # noqa: ARG002
        """No penalty."""
        return None

    def finish(self) -> None:
        """Do nothing."""
