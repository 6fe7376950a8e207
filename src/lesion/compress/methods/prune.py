"""Pruning while training, by the parts that a variant names.

A score, a mask shape, an allocation and a schedule decide what is pruned and when. A regrowth may bring weights back, a
regulariser may make weights small beforehand. Gradual magnitude pruning (Zhu & Gupta, arXiv 1710.01878) combines
magnitude, weight, uniform and gradual; other combinations give lottery tickets, SNIP, RigL and network slimming.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from lesion import plugins
from lesion.compress.plain import restorer as restorer
from lesion.errors import InputError
from lesion.params.settings import Settings
from lesion.plugins import Named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn
    from torch.optim import Optimizer

    from lesion.compress.contracts import RegrowthModule, RegulariserModule, ScheduleModule
    from lesion.compress.learned import Learned
    from lesion.compress.probe import Sampler
    from lesion.compress.regrowth import Regrowth
    from lesion.compress.regulariser import Regulariser

KIND = "trained"
FLOAT_MEMBERS = True


class Options(Settings):
    """The final sparsity and the parts; each part is a name, or a mapping with a name and options."""

    sparsity: float = Field(gt=0, lt=1)
    score: Named
    shape: Named
    allocation: Named
    schedule: Named
    regrowth: Named | None = None
    regulariser: Named | None = None

    @field_validator("regulariser")
    @classmethod
    def _leaves_the_choice(cls, part: Named | None) -> Named | None:
        if part is not None:
            module: RegulariserModule
            module, _ = plugins.component("regulariser", part, where="regulariser")
            if module.LEARNS_MASKS:
                raise ValueError("this regulariser learns what to prune; its method is learn-masks")
        return part


class Training:
    """Sets masks at the steps of the schedule. The optimiser trains the masked network.

    Parameters
    ----------
    model : the network, on its device; it gets masks now and is plain again after `finish`
    options : the variant
    steps : number of steps of one training
    sample : count and seed -> batches of training images, for scores that measure on images
    examples : number of training examples
    seed : seed of the method's own random draws
    """

    def __init__(
        self, model: nn.Module, options: Options, *, steps: int, sample: Sampler, examples: int, seed: int
    ) -> None:
        from lesion.compress.choice import Choice
        from lesion.compress.computed import stay_dense
        from lesion.compress.masks import MaskedNetwork
        from lesion.compress.partition import find_tied
        from lesion.compress.probe import Probe
        from lesion.compress.rewind import Rewind

        schedule: ScheduleModule
        schedule, schedule_options = plugins.component("schedule", options.schedule, where="variant.schedule")
        self._schedule = schedule.Schedule(schedule_options, steps=steps)
        self._steps, self._sparsity = steps, options.sparsity
        self.trainings = self._schedule.trainings
        image, _ = next(iter(sample(1, seed)))
        units, channels = find_tied(model, image, options.shape)
        self._regrowth: Regrowth | None = None
        straight_through = False
        if options.regrowth is not None:
            regrowth: RegrowthModule
            regrowth, regrowth_options = plugins.component("regrowth", options.regrowth, where="variant.regrowth")
            self._regrowth = regrowth.Regrowth(regrowth_options, steps=steps)
            straight_through = regrowth.STRAIGHT_THROUGH
            if regrowth.needs_pruned_gradients(regrowth_options) and any(
                unit.norm is not None for unit in units.values()
            ):
                raise InputError("regrowth: a pruned channel has no gradient, since its batch norm's scale is zero")
        self._rewind = Rewind(model) if any(map(self._schedule.saves, range(steps))) else None  # before masks
        dense = stay_dense(model, image)
        self._network = MaskedNetwork(
            model, units=units, channels=channels, straight_through=straight_through, dense=dense
        )
        self._probe = Probe(self._network, sample, seed=seed)
        self._choice = Choice(self._probe, score=options.score, shape=options.shape, allocation=options.allocation)
        self._regulariser: Regulariser | None = None
        if options.regulariser is not None:
            regulariser: RegulariserModule
            regulariser, more = plugins.component("regulariser", options.regulariser, where="variant.regulariser")
            self._regulariser = regulariser.Regulariser(
                more, self._probe, steps=steps * self.trainings, examples=examples
            )
        self.learned: Sequence[Learned] = [] if self._regulariser is None else self._regulariser.learned

    def before_step(self, step: int, optimiser: Optimizer) -> None:
        """Save or restore weights, set masks or exchange weights, as due before `step` (from 0 over all trainings)."""
        self._probe.step = step
        if self._rewind is not None and self._schedule.saves(step):
            self._rewind.save()
        if self._schedule.updates(step):
            self._choice.prune(self._schedule.sparsity(step, self._sparsity), monotone=self._schedule.monotone)
        elif self._regrowth is not None and self._regrowth.updates(step % self._steps):  # in each training alike
            self._regrow(self._regrowth, step % self._steps, optimiser)
        if self._rewind is not None and self._schedule.rewinds(step):
            self._rewind.restore()
        if step and step % self._steps == 0:  # another training begins
            optimiser.state.clear()

    def _regrow(self, regrowth: Regrowth, step: int, optimiser: Optimizer) -> None:
        """Exchange groups of weights. Grown weights that start at zero also lose their momentum."""
        kept, fresh = regrowth.regrow(self._choice.kept(), step, self._choice.group_saliency)
        self._network.set(self._choice.whole(kept))
        parameters = self._network.parameters()
        for name, start in self._choice.whole(fresh, rest=False).items():
            parameters[name].detach().masked_fill_(start, 0.0)
            momentum = optimiser.state[parameters[name]].get("momentum_buffer")
            if momentum is not None:
                momentum.masked_fill_(start, 0.0)

    def penalty(self, step: int) -> Tensor | None:
        """The regulariser's penalty, a scalar in nats; None without one."""
        return None if self._regulariser is None else self._regulariser.penalty(step)

    def finish(self) -> None:
        """Leave a plain network with zeros in its weights."""
        if self._regulariser is not None:
            self._regulariser.remove()
        if self._rewind is not None:
            self._rewind.remove()
        self._network.remove()
