"""Sparse variational dropout (Molchanov et al., arXiv 1701.05369): each weight learns how much noise it can bear.

Each weight has the posterior N(w, σ²); w and log σ² are learned (additive noise reparametrisation, section 4.2). The
loss is the variational bound divided by the number of examples: the cross-entropy with noise, plus the divergence from
the log-uniform prior (eq. 14), which falls as log α = log σ² − log w² grows. Weights with a large log α are pruned.
Noise is drawn for the outputs of a layer instead of its weights (local reparametrisation, eqs. 17 and 18).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.utils.hooks import RemovableHandle

    from lesion.compress.probe import Probe

LEARNS_MASKS = True
LOG_VARIANCE = "log_variance"
INITIAL = -10.0  # initial log σ², as in the authors' code
CLIP = 8.0  # bound on |log α| in the divergence, as in the authors' code; beyond it the gradient is zero
SMALLEST = 1e-16  # lower bound on w² under a logarithm and on a variance under a root, which have no derivative at 0
K1, K2, K3 = 0.63576, 1.87320, 1.48695


class Options(Settings):
    """Settings of the divergence, of the learning of log σ², and of pruning.

    `strength`: factor on the divergence, 1 for the bound itself. `warmup`: share of the steps over which the factor
    grows linearly. `rate`: factor on the learning rate of log σ²; it must be large, since the divergence of a weight is
    divided by the number of examples. `threshold`: weights with log α at or above it are pruned (3 in the paper).
    """

    strength: float = Field(gt=0)
    warmup: float = Field(ge=0, le=1)
    rate: float = Field(gt=0)
    threshold: float


def divergence(log_alpha: Tensor) -> Tensor:
    """The KL divergence of one weight in nats, up to a constant (eq. 14). Any shape, same shape back.

    k1 − k1 · sigmoid(k2 + k3 · log α) + log(1 + 1 / α) / 2. It falls to zero as α grows.
    """
    from torch.nn import functional

    return K1 - K1 * (K2 + K3 * log_alpha).sigmoid() + functional.softplus(-log_alpha) / 2


def _normal(like: Tensor) -> Tensor:
    """Standard normal numbers in the shape and memory format of `like`, a tensor without gaps in memory.

    torch.randn_like is six times slower for channels-last tensors on a CPU.
    """
    import torch

    return torch.randn(like.numel(), dtype=like.dtype, device=like.device).as_strided(like.size(), like.stride())


def _add_noise(layer: nn.Module, inputs: tuple[Tensor, ...], mean: Tensor) -> Tensor | None:
    """Forward hook of a layer: add the noise that the weights' noise causes in its output, in training mode."""
    import torch
    from torch import nn
    from torch.nn import functional

    if not layer.training:
        return None
    square = inputs[0].square()
    noise = layer.get_parameter(LOG_VARIANCE).exp() * layer.get_buffer("parametrizations.weight.0.mask")
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        variance = layer._conv_forward(square, noise, None)
    else:
        variance = functional.linear(square, noise)
    return torch.addcmul(mean, variance.clamp_min(SMALLEST).sqrt(), _normal(mean))


class Regulariser:
    """Adds a log σ² for each weight to the state of its layer, and a hook that adds noise to the layer's output.

    Raises
    ------
    InputError
        If a prunable weight does not belong to a linear layer or a convolution.
    """

    def __init__(self, options: Options, probe: Probe, *, steps: int, examples: int) -> None:
        import torch
        from torch import nn

        from lesion.compress.learned import Learned

        self._threshold, self._warmup = options.threshold, max(1, round(options.warmup * steps))
        self._strength = options.strength / examples
        self._weights = probe.network.parameters()
        self._layers = {name: layer for name, (layer, _) in probe.network.layers.items()}
        self._hooks: list[RemovableHandle] = []
        self.learned: list[Learned] = []
        for name, layer in self._layers.items():
            if not isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
                raise InputError(f"variational-dropout: {name} is not of a linear layer or a convolution")
            log_variance = nn.Parameter(torch.full_like(self._weights[name], INITIAL))
            layer.register_parameter(LOG_VARIANCE, log_variance)
            self.learned.append(Learned(log_variance, options.rate))
            self._hooks.append(layer.register_forward_hook(_add_noise))

    def _log_alpha(self, name: str) -> Tensor:
        weight = self._weights[name]
        return self._layers[name].get_parameter(LOG_VARIANCE) - weight.square().clamp_min(SMALLEST).log()

    def penalty(self, step: int) -> Tensor:
        """Divergence of all weights, divided by the number of examples, times its factor at this step; a scalar."""
        import torch

        sums = [divergence(self._log_alpha(name).clamp(-CLIP, CLIP)).sum() for name in self._weights]
        return self._strength * min(1.0, (step + 1) / self._warmup) * torch.stack(sums).sum()

    def masks(self) -> dict[str, Tensor]:
        """True where log α is below the threshold."""
        return {name: self._log_alpha(name).detach() < self._threshold for name in self._weights}

    def remove(self) -> None:
        """Remove the hooks and the variances."""
        for hook in self._hooks:
            hook.remove()
        for layer in self._layers.values():
            del layer._parameters[LOG_VARIANCE]
