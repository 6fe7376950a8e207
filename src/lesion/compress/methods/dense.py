"""Dense: the baseline, without compression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.plain import restorer as restorer
from lesion.compress.training import Passive
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import nn

    from lesion.compress.probe import Sampler

KIND = "trained"
FLOAT_MEMBERS = True


class Options(Settings):
    """No settings."""


class Training(Passive):
    """Does nothing beside the optimiser's steps (`compress.training.Training`)."""

    def __init__(
        self, model: nn.Module, options: Options, *, steps: int, sample: Sampler | None, examples: int, seed: int
    ) -> None: ...
