"""Learning what to prune: a regulariser trains gates or noise beside the weights, and what they shut off is pruned.

How sparse the network becomes follows from the strength of the regulariser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import field_validator

from lesion import plugins
from lesion.compress.plain import restorer as restorer
from lesion.params.settings import Settings
from lesion.plugins import Named

if TYPE_CHECKING:
    from torch import Tensor, nn

    from lesion.compress.probe import Sample

KIND = "trained"
FLOAT_MEMBERS = True


class Options(Settings):
    """The regulariser: a mapping of its name and its options."""

    regulariser: Named

    @field_validator("regulariser")
    @classmethod
    def _learns(cls, part: Named) -> Named:
        if not plugins.component("regulariser", part, where="regulariser")[0].LEARNS_MASKS:
            raise ValueError("this one leaves the choice of what to prune to a score: method prune")
        return part


class Training:
    """Adds the regulariser's penalty to each step; the arguments are those of `prune.Training`."""

    trainings = 1

    def __init__(
        self, model: nn.Module, options: Options, *, steps: int, sample: Sample, examples: int, seed: int
    ) -> None:
        from lesion.compress.masks import MaskedNetwork
        from lesion.compress.probe import Probe

        self._network = MaskedNetwork(model)
        self._probe = Probe(self._network, sample, seed=seed)
        module, more = plugins.component("regulariser", options.regulariser, where="variant.regulariser")
        self._regulariser = module.Regulariser(more, self._probe, steps=steps, examples=examples)
        self.learned = self._regulariser.learned

    def before_step(self, step: int, optimiser: Any) -> None:  # noqa: ARG002
        """Called before each step, counted from 0."""
        self._probe.step = step

    def penalty(self, step: int) -> Tensor | None:
        """What the regulariser adds to the loss of a step."""
        penalty: Tensor | None = self._regulariser.penalty(step)
        return penalty

    def finish(self) -> None:
        """Called after the last step: leaves a plain network, zero where the regulariser shut weights off."""
        self._network.set(self._regulariser.masks())
        self._regulariser.remove()
        self._network.remove()
