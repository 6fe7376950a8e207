"""Pruning while training: a point on the axes that the variant names, put together.

A score, a mask shape, an allocation and a schedule say what is pruned and when; a regrowth lets some of it come back, a
regulariser makes weights small before. Gradual magnitude pruning (Zhu & Gupta, arXiv 1710.01878) is magnitude ×
weight × uniform × gradual; lottery tickets, SNIP, RigL, network slimming and others are other points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from lesion import plugins
from lesion.compress.plain import restorer as restorer
from lesion.errors import InputError
from lesion.params.settings import Settings
from lesion.plugins import Named

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from lesion.compress.probe import Sample

KIND = "trained"
FLOAT_MEMBERS = True


class Options(Settings):
    """The final sparsity, and on each axis a name, or a mapping of the name and its options."""

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
        if part is not None and plugins.component("regulariser", part, where="regulariser")[0].LEARNS_MASKS:
            raise ValueError("this one learns what to prune itself: method learn-masks")
        return part


class Training:
    """Chooses masks when the schedule says so; in between the optimiser sees masked weights.

    Parameters
    ----------
    model : the network, on its device; it gets masks now and is plain again after `finish`
    options : the variant
    steps : of one training by the recipe
    sample : count and seed -> batches of training images, for scores that look at some
    examples : of the training split
    seed : of all that is drawn at random beside the order of images
    """

    def __init__(
        self, model: nn.Module, options: Options, *, steps: int, sample: Sample, examples: int, seed: int
    ) -> None:
        from lesion.compress.choice import Choice
        from lesion.compress.masks import MaskedNetwork
        from lesion.compress.probe import Probe
        from lesion.compress.rewind import Rewind
        from lesion.compress.units import find_units

        schedule, schedule_options = plugins.component("schedule", options.schedule, where="variant.schedule")
        shape, _ = plugins.component("shape", options.shape, where="variant.shape")
        self._schedule = schedule.Schedule(schedule_options, steps=steps)
        self._steps, self._sparsity = steps, options.sparsity
        self.trainings = self._schedule.trainings
        units = find_units(model, next(iter(sample(1, seed)))[0]) if getattr(shape, "WHOLE_UNITS", False) else {}
        self._regrowth: Any = None
        straight_through = False
        if options.regrowth is not None:
            regrowth, regrowth_options = plugins.component("regrowth", options.regrowth, where="variant.regrowth")
            self._regrowth = regrowth.Regrowth(regrowth_options, steps=steps)
            straight_through = regrowth.STRAIGHT_THROUGH
            if regrowth.asks_pruned(regrowth_options) and any(unit.norm is not None for unit in units.values()):
                raise InputError("regrowth: a pruned channel has no gradient, for its batch norm's scale is zero")
        self._rewind = Rewind(model) if any(map(self._schedule.keeps, range(steps))) else None
        self._network = MaskedNetwork(model, units=units, straight_through=straight_through)
        self._probe = Probe(self._network, sample, seed=seed)
        self._choice = Choice(self._probe, score=options.score, shape=options.shape, allocation=options.allocation)
        self._regulariser: Any = None
        if options.regulariser is not None:
            regulariser, more = plugins.component("regulariser", options.regulariser, where="variant.regulariser")
            self._regulariser = regulariser.Regulariser(
                more, self._probe, steps=steps * self.trainings, examples=examples
            )
        self.learned = [] if self._regulariser is None else self._regulariser.learned

    def before_step(self, step: int, optimiser: Optimizer) -> None:
        """Called before each step, counted from 0 over all trainings."""
        self._probe.step = step
        if self._rewind is not None and self._schedule.keeps(step):
            self._rewind.keep()
        if self._schedule.updates(step):
            self._choice.prune(self._schedule.sparsity(step, self._sparsity), monotone=self._schedule.monotone)
        elif self._regrowth is not None and self._regrowth.updates(step % self._steps):  # in each training alike
            self._regrow(step % self._steps, optimiser)
        if self._rewind is not None and self._schedule.rewinds(step):
            self._rewind.restore()
        if step and step % self._steps == 0:  # another training begins
            optimiser.state.clear()

    def _regrow(self, step: int, optimiser: Optimizer) -> None:
        """Exchange masked weights for kept ones; those that start at zero start without momentum, too."""
        kept, fresh = self._regrowth.regrow(self._choice.kept(), step, self._choice.scored)
        self._network.set(self._choice.whole(kept))
        parameters = self._network.parameters()
        for name, start in self._choice.whole(fresh).items():
            parameters[name].detach().masked_fill_(start, 0.0)
            momentum = optimiser.state[parameters[name]].get("momentum_buffer")
            if momentum is not None:
                momentum.masked_fill_(start, 0.0)

    def penalty(self, step: int) -> Tensor | None:
        """What the regulariser adds to the loss of a step."""
        penalty: Tensor | None = None if self._regulariser is None else self._regulariser.penalty(step)
        return penalty

    def finish(self) -> None:
        """Called after the last step: leaves a plain network with exactly the asked share of zeros."""
        if self._regulariser is not None:
            self._regulariser.remove()
        if self._rewind is not None:
            self._rewind.remove()
        self._network.remove()
