"""Pruning while training: a score, an allocation and a schedule, named by the variant, put together.

Gradual magnitude pruning (Zhu & Gupta, arXiv 1710.01878) is magnitude × uniform × gradual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from lesion import plugins
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import nn

KIND = "trained"


class Options(Settings):
    """The final sparsity and a name on each axis; the schedule has options of its own."""

    sparsity: float = Field(gt=0, lt=1)
    score: str
    allocation: str
    schedule: dict[str, Any]


class Training:
    """Recomputes the masks when the schedule says so; in between the optimiser sees masked weights."""

    def __init__(self, model: nn.Module, options: Options, *, steps: int) -> None:
        from lesion.compress.masks import MaskedNetwork

        schedule = plugins.options("schedule", options.schedule, where="schedule")
        self._schedule = plugins.load("schedule", options.schedule["name"]).Schedule(schedule, steps=steps)
        self._score = plugins.load("score", options.score).score
        self._network = MaskedNetwork(model)
        shapes = {name: weight.shape for name, weight in self._network.weights().items()}
        self._sparsity = plugins.load("allocation", options.allocation).allocate(shapes, options.sparsity)

    def _update(self, step: int) -> None:
        from lesion.compress.masks import keep_largest

        share = self._schedule.share(step)
        self._network.set(
            {
                name: keep_largest(self._score(weight), self._sparsity[name] * share)
                for name, weight in self._network.weights().items()
            }
        )

    def before_step(self, step: int) -> None:
        """Called before each step, counted from 0."""
        if self._schedule.updates(step):
            self._update(step)

    def finish(self) -> None:
        """Called after the last step: leaves a plain network with exactly the asked share of zeros."""
        self._network.remove()
