"""Dense: the baseline, compressed by nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lesion.compress.plain import restorer as restorer
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor, nn

KIND = "trained"
FLOAT_MEMBERS = True


class Options(Settings):
    """Nothing to choose."""


class Training:
    """What happens beside the optimiser's steps: nothing."""

    trainings = 1
    learned: tuple[()] = ()

    def __init__(
        self, model: nn.Module, options: Options, *, steps: int, sample: Any, examples: int, seed: int
    ) -> None: ...

    def before_step(self, step: int, optimiser: Any) -> None:
        """Called before each step, counted from 0."""

    def penalty(self, step: int) -> Tensor | None:  # noqa: ARG002
        """What is added to the loss of a step."""
        return None

    def finish(self) -> None:
        """Called after the last step: leaves a plain network."""
