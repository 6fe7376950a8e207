"""Dense: the baseline, compressed by nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import nn

KIND = "trained"


class Options(Settings):
    """Nothing to choose."""


class Training:
    """What happens beside the optimiser's steps: nothing."""

    def __init__(self, model: nn.Module, options: Options, *, steps: int) -> None: ...

    def before_step(self, step: int) -> None:
        """Called before each step, counted from 0."""

    def finish(self) -> None:
        """Called after the last step: leaves a plain network."""
