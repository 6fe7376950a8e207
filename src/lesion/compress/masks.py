"""Masks on the weights of a network: which are kept, and how a network computes with the rest at zero."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


def prunable(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Convolutions and linear layers by name: their `weight` is pruned; biases and batch norm never are."""
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.conv._ConvNd | nn.Linear):
            yield name, module


def keep_largest(saliency: Tensor, sparsity: float) -> Tensor:
    """Mask that zeroes exactly round(sparsity · n) of n weights, those of least saliency; the first of ties go first.

    Any shape; bool of the same shape back, true where a weight is kept.
    """
    flat = saliency.flatten()
    pruned = torch.sort(flat, stable=True).indices[: round(sparsity * flat.numel())]
    mask = torch.ones_like(flat, dtype=torch.bool)
    mask[pruned] = False
    return mask.view_as(saliency)


class Masked(nn.Module):
    """The parametrisation `weight · mask`: masked weights are zero in the forward pass and get no gradient.

    Their own values stay, so that they may come back at the next update of the mask.
    """

    mask: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", torch.ones_like(weight))

    def forward(self, weight: Tensor) -> Tensor:
        """Any shape, same shape back."""
        return weight * self.mask


class MaskedNetwork:
    """The masks on all prunable weights of a network; `remove` leaves a plain network with zeros in its weights."""

    def __init__(self, model: nn.Module) -> None:
        self._layers = dict(prunable(model))
        self._masks: dict[str, Masked] = {}
        for name, layer in self._layers.items():
            self._masks[name] = Masked(layer.get_parameter("weight"))
            parametrize.register_parametrization(layer, "weight", self._masks[name])

    def weights(self) -> dict[str, Tensor]:
        """The weights under the masks, by name of layer."""
        return {
            name: layer.get_submodule("parametrizations").get_submodule("weight").get_parameter("original").detach()
            for name, layer in self._layers.items()
        }

    def set(self, masks: dict[str, Tensor]) -> None:
        """Put these masks (bool, by name of layer) in force."""
        for name, mask in masks.items():
            self._masks[name].mask.copy_(mask)

    def remove(self) -> None:
        """Multiply the masks in, for good."""
        for layer in self._layers.values():
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
            weight = layer.get_parameter("weight").detach()
            weight.masked_fill_(weight == 0, 0.0)  # a negative weight times a zero mask is −0.0
