"""Learned masks: a regulariser trains gates or noise together with the weights, and decides what is pruned.

The regulariser's strength determines the sparsity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import field_validator

from lesion import plugins
from lesion.compress.plain import restorer as restorer
from lesion.params.settings import Settings
from lesion.plugins import Named

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from lesion.compress.contracts import MaskLearnerModule, RegulariserModule
    from lesion.compress.probe import Sampler

KIND = "trained"
FLOAT_MEMBERS = True


class Options(Settings):
    """The regulariser, a mapping with its name and options."""

    regulariser: Named

    @field_validator("regulariser")
    @classmethod
    def _learns(cls, part: Named) -> Named:
        module: RegulariserModule
        module, _ = plugins.component("regulariser", part, where="regulariser")
        if not module.LEARNS_MASKS:
            raise ValueError("this regulariser learns no masks; its method is prune")
        return part


class Training:
    """Adds the regulariser's penalty to each step. The arguments are those of `prune.Training`."""

    trainings = 1

    def __init__(
        self, model: nn.Module, options: Options, *, steps: int, sample: Sampler, examples: int, seed: int
    ) -> None:
        from lesion.compress.computed import stay_dense
        from lesion.compress.masks import MaskedNetwork
        from lesion.compress.probe import Probe

        image, _ = next(iter(sample(1, seed)))
        self._network = MaskedNetwork(model, dense=stay_dense(model, image))
        self._probe = Probe(self._network, sample, seed=seed)
        module: MaskLearnerModule
        module, more = plugins.component("regulariser", options.regulariser, where="variant.regulariser")
        self._regulariser = module.Regulariser(more, self._probe, steps=steps, examples=examples)
        self.learned = self._regulariser.learned
        self._watched: Optimizer | None = None

    def before_step(self, step: int, optimiser: Optimizer) -> None:
        """Tell the probe the step. Before the first, let the regulariser take its part in the optimiser's steps."""
        from lesion.compress.regulariser import ProximalLearner

        self._probe.step = step
        if self._watched is not optimiser and isinstance(self._regulariser, ProximalLearner):
            learner = self._regulariser
            optimiser.register_step_pre_hook(lambda stepped, *_: learner.step(stepped))
        self._watched = optimiser

    def penalty(self, step: int) -> Tensor | None:
        """The regulariser's penalty: a scalar in nats, or None."""
        return self._regulariser.penalty(step)

    def finish(self) -> None:
        """Leave a plain network with zeros where the regulariser's masks are False."""
        self._network.set(self._regulariser.masks())
        self._regulariser.remove()
        self._network.remove()
