"""LTP: learned threshold pruning (Azarian et al., arXiv 2003.00075). Each weight tensor learns a threshold on w².

While training, each weight w is multiplied by the gate g = sigmoid((w² − τ) / T), and the loss gets a term with Σ g, a
soft L0 norm. σ² is the variance of the tensor's weights when the gates begin to close, T = temperature · σ², and
τ = t · σ², where t (unitless, 0 at first) is learned. As in the paper, w is a constant inside the gate: the gradient of
w is that of the loss times g, and the soft L0 norm trains only the thresholds.
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
    """Settings of the soft L0 norm and of the learning of thresholds.

    `strength`: the penalty of a network whose gates are all open, in nats. `temperature`: in units of σ². `rate`:
    factor on the learning rate of t. `begin`: share of the steps before which gates are open and nothing is added (the
    paper starts from a trained network).
    """

    strength: float = Field(gt=0)
    temperature: float = Field(gt=0)
    rate: float = Field(gt=0)
    begin: float = Field(ge=0, lt=1)


def gate(gated: nn.Module, weight: Tensor, temperature: float) -> Tensor:
    """sigmoid((w² − t · σ²) / (temperature · σ²)) in the shape of the weight; w gets no gradient through it."""
    scaled = weight.detach().square() / gated.get_buffer(VARIANCE)
    return ((scaled - gated.get_parameter(THRESHOLD)) / temperature).sigmoid()


def _gated(weight: Tensor, temperature: float) -> nn.Module:
    """The parametrisation `weight · gate` with t and σ² in its state. Its gates are open at first."""
    import torch
    from torch import nn

    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_parameter(THRESHOLD, nn.Parameter(weight.new_zeros(())))
            # with so small a variance the gate of any weight is exactly 1
            self.register_buffer(VARIANCE, weight.new_full((), torch.finfo(weight.dtype).tiny))

        def forward(self, weight: Tensor) -> Tensor:
            return weight * gate(self, weight, temperature)

    return Gated()


class Regulariser:
    """Puts gates behind the masks of all weights. Removing the masks writes the gated weights into the network.

    Raises
    ------
    InputError
        From `penalty`, when the gates begin to close, if the weights of a tensor are all equal.
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
        """True where w² > τ, that is where the gate is more than half open."""
        return {
            name: weight.square() > gated.get_parameter(THRESHOLD).detach() * gated.get_buffer(VARIANCE)
            for (name, weight), gated in zip(self._weights.items(), self._gated.values(), strict=True)
        }

    def remove(self) -> None:
        """Do nothing: the gates are parametrisations and are removed with the masks."""
