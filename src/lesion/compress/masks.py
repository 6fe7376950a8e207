"""Masks on the weights of a network: which are kept, and how a network computes with the rest at zero."""

from collections import Counter
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lesion.errors import InputError

PRUNABLE: dict[type[nn.Module], tuple[str, ...]] = {
    nn.modules.conv._ConvNd: ("weight",),
    nn.Linear: ("weight",),
    nn.MultiheadAttention: ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"),
}
"""Layers, subclasses included, and their parameters that are convolutions or matrices; some layers lack some of them.

Nothing else is ever pruned: biases, norms, scales, embeddings, tables of positions. (Attention of other libraries is
made of nn.Linear. Recurrent layers are left alone too: they read their weights behind a parametrisation's back.)
"""


def prunable(model: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    """What can be pruned: name in the state dict, layer, and the attribute of the layer that holds the weight."""
    for path, module in model.named_modules():
        for kind, attributes in PRUNABLE.items():
            for attribute in attributes:
                if isinstance(module, kind) and getattr(module, attribute) is not None:
                    yield f"{path}.{attribute}".lstrip("."), module, attribute


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
    """The masks on all prunable weights of a network; `remove` leaves a plain network with zeros in its weights.

    Raises
    ------
    InputError
        Where two layers have one weight in common.
    """

    def __init__(self, model: nn.Module) -> None:
        owners = Counter(id(parameter) for module in model.modules() for parameter in module.parameters(recurse=False))
        self._weights = {name: (layer, attribute) for name, layer, attribute in prunable(model)}
        self._masks: dict[str, Masked] = {}
        for name, (layer, attribute) in self._weights.items():
            weight = layer.get_parameter(attribute)
            if owners[id(weight)] > 1:
                raise InputError(f"prune: several layers share the weight {name}; it cannot have a mask of its own")
            self._masks[name] = Masked(weight)
            parametrize.register_parametrization(layer, attribute, self._masks[name])

    def weights(self) -> dict[str, Tensor]:
        """The weights under the masks, by name in the state dict of the plain network."""
        return {
            name: layer.get_parameter(f"parametrizations.{attribute}.original").detach()
            for name, (layer, attribute) in self._weights.items()
        }

    def set(self, masks: dict[str, Tensor]) -> None:
        """Put these masks (bool, by name of the weight) in force."""
        for name, mask in masks.items():
            self._masks[name].mask.copy_(mask)

    def remove(self) -> None:
        """Multiply the masks in, for good."""
        for layer, attribute in self._weights.values():
            parametrize.remove_parametrizations(layer, attribute, leave_parametrized=True)
            weight = layer.get_parameter(attribute).detach()
            weight.masked_fill_(weight == 0, 0.0)  # a negative weight times a zero mask is −0.0
