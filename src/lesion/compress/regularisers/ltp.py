"""LTP: learned threshold pruning (Azarian et al., arXiv 2003.00075), one learned threshold on w² a weight tensor.

While training, each weight w counts as w · g with the gate g = sigmoid((w² − τ) / T), and Σ g, a soft L0, is added to
the loss. With σ² the variance of the tensor's weights when the gates begin to close, T = temperature · σ² and
τ = t · σ²; what is learned is t, without a unit, from 0 on. As in the paper, w is a constant inside of the gate: it
gets the gradient of the loss times g, and the soft L0 moves the thresholds alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor, nn

    from lesion.compress.probe import Probe

LEARNS_MASKS = True
THRESHOLD, VARIANCE = "threshold", "variance"


class Options(Settings):
    """The weight of the soft L0 in the loss, and how fast and from when on the thresholds are learned.

    `strength` is in nats, what a network costs whose gates are all open; `temperature` is in units of σ²; `rate` is the
    factor on the learning rate of t; before `begin`, a share of the steps, the gates are open and nothing is added (the
    paper starts from a trained network).
    """

    strength: float = Field(gt=0)
    temperature: float = Field(gt=0)
    rate: float = Field(gt=0)
    begin: float = Field(ge=0, lt=1)


def gate(gated: nn.Module, weight: Tensor, temperature: float) -> Tensor:
    """sigmoid((w² − t · σ²) / (temperature · σ²)), of the weight's shape; no gradient with respect to the weight."""
    scaled = weight.detach().square() / gated.get_buffer(VARIANCE)
    return ((scaled - gated.get_parameter(THRESHOLD)) / temperature).sigmoid()


def _gated(weight: Tensor, temperature: float) -> nn.Module:
    """The parametrisation `weight · gate`, t and σ² in its state; its gates are open."""
    import torch
    from torch import nn

    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_parameter(THRESHOLD, nn.Parameter(weight.new_zeros(())))
            # of a variance so small any weight is a large multiple, whose gate is exactly 1
            self.register_buffer(VARIANCE, weight.new_full((), torch.finfo(weight.dtype).tiny))

        def forward(self, weight: Tensor) -> Tensor:
            return weight * gate(self, weight, temperature)

    return Gated()


class Regulariser:
    """Gates behind the masks of all weights: when the masks are multiplied in, so are the gates of what they keep.

    Raises
    ------
    InputError
        From `penalty`, at the step at which the gates begin to close, where the weights of a tensor are all equal.
    """

    def __init__(self, options: Options, probe: Probe, *, steps: int, examples: int) -> None:  # noqa: ARG002
        from torch.nn.utils import parametrize

        from lesion.compress.learned import Learned

        self._temperature, self._begin = options.temperature, int(options.begin * steps)
        self._weights = probe.network.weights()
        self._strength = options.strength / sum(weight.numel() for weight in self._weights.values())
        self._gated = {name: _gated(weight, options.temperature) for name, weight in self._weights.items()}
        for name, (layer, attribute) in probe.network.layers.items():
            parametrize.register_parametrization(layer, attribute, self._gated[name])
        self.learned = [Learned(gated.get_parameter(THRESHOLD), options.rate) for gated in self._gated.values()]

    def penalty(self, step: int) -> Tensor | None:
        """Strength times the mean of all gates, a scalar; None before `begin`."""
        import torch

        if step < self._begin:
            return None
        if step == self._begin:
            self._measure()
        gates = [gate(self._gated[name], weight, self._temperature) for name, weight in self._weights.items()]
        return self._strength * torch.stack([each.sum() for each in gates]).sum()

    def _measure(self) -> None:
        for name, weight in self._weights.items():
            variance = weight.var(correction=0)
            if not variance > 0:
                raise InputError(f"ltp: the weights of {name} are all equal when its threshold begins to be learned")
            self._gated[name].get_buffer(VARIANCE).copy_(variance)

    def masks(self) -> dict[str, Tensor]:
        """Kept is where w² > τ, a gate more than half open."""
        return {
            name: weight.square() > gated.get_parameter(THRESHOLD).detach() * gated.get_buffer(VARIANCE)
            for (name, weight), gated in zip(self._weights.items(), self._gated.values(), strict=True)
        }

    def remove(self) -> None:
        """Nothing is left to remove: the gates are parametrisations, which go with the masks."""
