"""ISTA on γ: scales of batch norms are set to zero by soft thresholding (Ye et al., arXiv 1802.00124, algorithm 1).

A channel with γ = 0 has the constant output β before the activation function. After training the weights of such
channels are pruned; their β stays, so that the network computes the same. Scales γ of norms between exactly two layers
count, as in the authors' code: not those before the sum of a residual block.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from lesion.compress.probe import Probe

LEARNS_MASKS = True


class Options(Settings):
    """Settings of the penalty ρ Σ λ|γ| and of the times.

    `strength`: ρ, in nats. `cost`: λ of a channel is its memory, or 1 (`equal`). `rescale`: α; while γ is thresholded,
    γ and β are multiplied by α and the weights that read the channel divided by it. `begin`, `end`: shares of the steps
    between which this is done; the paper starts from a trained network, and fine-tunes what is left.
    """

    strength: float = Field(gt=0)
    cost: Literal["memory", "equal"]
    rescale: float = Field(gt=0, le=1)
    begin: float = Field(ge=0, lt=1)
    end: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end <= self.begin:
            raise ValueError("end must come after begin")
        return self


class Regulariser:
    """Thresholds γ in the optimiser's place. It adds nothing to the loss.

    Raises
    ------
    InputError
        If no batch norm stands between two layers, or the network does not compute the same after a rescaling.
    """

    def __init__(self, options: Options, probe: Probe, *, steps: int, examples: int) -> None:  # noqa: ARG002
        from functools import partial

        from lesion.compress.channels.find import find_channels
        from lesion.compress.learned import Learned
        from lesion.compress.parametrisations import without_masks
        from lesion.compress.scales import Scales, find_scales, memory, positions, same_after_rescaling
        from lesion.compress.units import find_units

        image = next(iter(probe.batches(1)))[0]
        plain = without_masks(probe.model)
        found = find_scales(find_channels(plain, image), find_units(plain, image), plain)
        found = [scales for scales in found if scales.writer in probe.network.layers]
        if not found:
            raise InputError("regulariser ista-gamma: in this network no batch norm stands between two layers")
        if options.rescale < 1 and not same_after_rescaling(plain, image, found):
            raise InputError("regulariser ista-gamma: rescale changes what this network computes; 1.0 is expected")
        self._probe, self._alpha = probe, options.rescale
        self._begin, self._end, self._steps = int(options.begin * steps), round(options.end * steps), steps
        names = {module: name for name, module in plain.named_modules()}
        self._scales = [
            Scales(scales.writer, probe.model.get_submodule(names[scales.norm]), scales.readers) for scales in found
        ]
        outputs = positions(plain, image, [scales.norm for scales in found])
        costs = [memory(*one, image.shape[2:].numel()) for one in zip(self._scales, repeat(self._weights()), outputs)]
        self._moves = {
            scales.gamma: partial(self._move, strength=options.strength * (cost if options.cost == "memory" else 1.0))
            for scales, cost in zip(self._scales, costs, strict=True)
        }
        self.learned = [Learned(gamma, 1.0) for gamma in self._moves]

    def _weights(self) -> dict[str, Tensor]:
        """The weights that write or read channels, without their masks, by name."""
        masked, model = self._probe.network.weights(), self._probe.model
        names = [scales.writer for scales in self._scales]
        names += [slice_.name for scales in self._scales for slice_ in scales.readers]
        return {name: masked[name] if name in masked else model.get_parameter(name).detach() for name in names}

    def _rescale(self, factor: float) -> None:
        from lesion.compress.scales import rescale

        weights = self._weights()
        for scales in self._scales:
            rescale(scales, weights, factor)

    def penalty(self, step: int) -> None:
        """Rescale the network before the first step with a threshold, and back after the last."""
        if step == self._begin:
            self._rescale(self._alpha)
        if step == self._end:
            self._rescale(1 / self._alpha)

    def step(self, optimiser: Optimizer) -> None:
        """Move γ by its gradient, with a threshold from `begin` to `end`; later those that are zero stay so."""
        from lesion.compress.proximal import take_steps

        take_steps(optimiser, self._moves)

    def _move(self, gamma: Tensor, gradient: Tensor, *, rate: float, strength: float, **_: Any) -> None:
        from lesion.compress.proximal import ista

        step, zero = self._probe.step, gamma == 0
        ista(gamma, gradient, rate=rate, strength=strength if self._begin <= step < self._end else 0.0)
        if step >= self._end:
            gamma.masked_fill_(zero, 0.0)

    def masks(self) -> dict[str, Tensor]:
        """False for the weights of channels with γ = 0."""
        from lesion.compress.units import over_weights

        weights = self._weights()
        return {
            scales.writer: over_weights(scales.gamma.detach() != 0, weights[scales.writer]) for scales in self._scales
        }

    def remove(self) -> None:
        """Take the rescaling back, if that was not done at `end`."""
        if self._end >= self._steps:
            self._rescale(1 / self._alpha)
