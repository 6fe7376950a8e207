"""Masks on the weights of a network. A masked weight counts as zero."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lesion.compress.channels.sets import ChannelSet, Slice
from lesion.compress.parametrisations import Masked, Replaced
from lesion.errors import InputError

PRUNABLE: dict[type[nn.Module], tuple[str, ...]] = {
    nn.modules.conv._ConvNd: ("weight",),
    nn.Linear: ("weight",),
    nn.MultiheadAttention: ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"),
}
"""Class of a layer -> the attributes that hold its prunable weights. Subclasses count; an attribute may be None.

Biases, norms, scales, embeddings and position tables are never pruned. Attention of other libraries consists of
nn.Linear. Recurrent layers are not pruned, since they read their weights without going through a parametrisation.
"""


def prunable(model: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    """Each prunable weight: its name in the state dict, its layer, and the attribute of the layer that holds it."""
    for path, module in model.named_modules():
        for kind, attributes in PRUNABLE.items():
            for attribute in attributes:
                if isinstance(module, kind) and getattr(module, attribute) is not None:
                    yield f"{path}.{attribute}".lstrip("."), module, attribute


def keep_largest(saliency: Tensor, pruned: int) -> Tensor:
    """Mask without the `pruned` least salient entries of each row. Of equal entries the first are pruned first.

    saliency: (rows, n). Returns bool (rows, n), True where an entry is kept.
    """
    count = saliency.shape[1] - pruned
    if count == 0:
        return torch.zeros_like(saliency, dtype=torch.bool)
    least_kept = torch.topk(saliency, count, dim=1, sorted=False).values.amin(dim=1, keepdim=True)
    above, ties = saliency > least_kept, saliency == least_kept
    room = count - above.sum(dim=1, keepdim=True)
    return above | (ties & (ties.flip(1).cumsum(dim=1).flip(1) <= room))  # of equal entries the last


def channels_kept(one: ChannelSet, masks: Mapping[str, Tensor]) -> Tensor:
    """Bool (n,): True for the channels of a set of which masks keep any weight that computes them."""
    rows = [masks[part.name].flatten(1).any(dim=1)[part.index].any(dim=1) for part in one.writers]
    return torch.stack(rows).any(dim=0)


@dataclass(frozen=True)
class Units:
    """The output units of a layer: channels of a convolution, features of a linear layer.

    Attributes
    ----------
    norm : the batch norm paired one-to-one with the layer's units, if any
    """

    norm: nn.Module | None

    def scales(self) -> list[tuple[nn.Module, str]]:
        """Module and attribute of the norm's scale, if there is a norm."""
        return [] if self.norm is None else [(self.norm, "weight")]

    def constants(self, layer: nn.Module) -> Tensor | None:
        """What units without weights would output in evaluation mode, (units,); None without a bias."""
        added = getattr(layer, "bias", None)
        if self.norm is None or self.norm.running_mean is None:
            owner = layer if self.norm is None else self.norm
            return getattr(owner, "bias", None)
        norm: Any = self.norm
        shift = -norm.running_mean if added is None else added - norm.running_mean
        found: Tensor = norm.bias + norm.weight * shift / (norm.running_var + norm.eps).sqrt()
        return found

    def bias(self, layer: nn.Module) -> tuple[nn.Module, str] | None:
        """Module and attribute of the bias that is added last: the norm's, else the layer's. None if there is none."""
        owner = layer if self.norm is None else self.norm
        return (owner, "bias") if getattr(owner, "bias", None) is not None else None


class MaskedNetwork:
    """A network with masks on its prunable weights. `remove` leaves a plain network with zeros in its weights.

    Parameters
    ----------
    model : the network; its weights are parametrised in place
    units : units by weight name, if whole units are pruned; their biases and norms are masked with the weights
    channels : sets of tied channels, if these are pruned together; what else follows a channel is masked with it, as a
        norm that reads a sum
    straight_through : True if masked weights keep training
    dense : names of weights that get no mask

    Raises
    ------
    InputError
        If two layers share a weight.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        units: Mapping[str, Units] | None = None,
        channels: Sequence[ChannelSet] = (),
        straight_through: bool = False,
        dense: Collection[str] = (),
    ) -> None:
        owners = Counter(id(parameter) for module in model.modules() for parameter in module.parameters(recurse=False))
        self.model = model
        self.layers = {name: (layer, attribute) for name, layer, attribute in prunable(model) if name not in dense}
        self._masks: dict[str, Masked] = {}
        self._of_units: dict[str, list[Masked]] = {}
        self._biases: dict[str, Replaced] = {}
        self._units: dict[str, Units] = {}
        self._parametrised = list(self.layers.values())
        for name, (layer, attribute) in self.layers.items():
            weight = layer.get_parameter(attribute)
            if owners[id(weight)] > 1:
                raise InputError(f"prune: several layers share the weight {name}; it cannot have a mask of its own")
            self._masks[name] = Masked(weight, straight_through=straight_through)
            parametrize.register_parametrization(layer, attribute, self._masks[name])
        for name, unit in (units or {}).items():
            if name in self.layers:
                self._mask_units(name, unit)
        self.channels = [
            one for one in channels if not one.fixed and all(part.name in self.layers for part in one.writers)
        ]
        self._followers: list[tuple[ChannelSet, Slice, Masked]] = []
        self._mask_followers()

    def _mask_units(self, name: str, unit: Units) -> None:
        layer, _ = self.layers[name]
        self._units[name] = unit
        if (bias := unit.bias(layer)) is not None:
            self._biases[name] = Replaced(bias[0].get_parameter(bias[1]))
            parametrize.register_parametrization(*bias, self._biases[name])
            self._parametrised.append(bias)
        self._of_units[name] = [self._biases[name]] if name in self._biases else []
        more = unit.scales()
        if unit.norm is not None and layer.bias is not None:
            more.append((layer, "bias"))
        for owner, attribute in more:
            masked = Masked(owner.get_parameter(attribute))
            parametrize.register_parametrization(owner, attribute, masked)
            self._of_units[name].append(masked)
            self._parametrised.append((owner, attribute))

    def _mask_followers(self) -> None:
        """Give a mask to all parameters that follow a channel and have none yet."""
        free = dict(self.model.named_parameters())
        made: dict[str, Masked] = {}
        for one in self.channels:
            for part in one.followers:
                if part.name in free and part.name not in made:
                    path, _, attribute = part.name.rpartition(".")
                    owner = self.model.get_submodule(path)
                    made[part.name] = Masked(free[part.name])
                    parametrize.register_parametrization(owner, attribute, made[part.name])
                    self._parametrised.append((owner, attribute))
                if part.name in made:
                    self._followers.append((one, part, made[part.name]))

    def parameters(self) -> dict[str, nn.Parameter]:
        """The parameters without their masks, by name in the state dict of the plain network."""
        return {
            name: layer.get_parameter(f"parametrizations.{attribute}.original")
            for name, (layer, attribute) in self.layers.items()
        }

    def weights(self) -> dict[str, Tensor]:
        """The weights without their masks, by name in the state dict of the plain network."""
        return {name: parameter.detach() for name, parameter in self.parameters().items()}

    def masks(self) -> dict[str, Tensor]:
        """The current masks: bool, True where a weight is kept, by weight name."""
        return {name: masked.mask != 0 for name, masked in self._masks.items()}

    def set(self, masks: Mapping[str, Tensor]) -> None:
        """Use these masks, bool by weight name, from now on."""
        for name, mask in masks.items():
            self._masks[name].mask.copy_(mask)
            for masked in self._of_units.get(name, ()):
                masked.mask.copy_(mask.flatten(1).any(dim=1))
        current = self.masks() if self._followers else {}
        for one, part, masked in self._followers:
            part.put(masked.mask, channels_kept(one, current))

    def replace(self, constants: Mapping[str, Tensor]) -> None:
        """Set the constant output of each pruned unit, (units,) by weight name; units without a bias stay 0."""
        for name, constant in constants.items():
            if name in self._biases:
                self._biases[name].constant.copy_(constant)

    def hold_zeros(self) -> None:
        """Mask the weights that are zero now. A unit without others gets as its bias the constant that it outputs."""
        masks = {name: weight != 0 for name, weight in self.weights().items()}
        constants = {name: unit.constants(self.layers[name][0]) for name, unit in self._units.items()}
        for name, constant in constants.items():
            if constant is not None:
                self.replace({name: constant.detach() * ~masks[name].flatten(1).any(dim=1)})
        self.set(masks)
        for _, part, masked in self._followers:
            owner_path, _, attribute = part.name.rpartition(".")
            original = self.model.get_submodule(owner_path).get_parameter(f"parametrizations.{attribute}.original")
            masked.mask.logical_or_(original.detach() != 0)

    @contextmanager
    def dense_gradients(self) -> Iterator[None]:
        """Inside the block, masked weights get the gradient at zero."""
        before = {masked: masked.straight_through for masked in self._masks.values()}
        for masked in before:
            masked.straight_through = True
        try:
            yield
        finally:
            for masked, straight_through in before.items():
                masked.straight_through = straight_through

    def remove(self) -> None:
        """Write the masked weights into the network and remove the masks."""
        for layer, attribute in self._parametrised:
            parametrize.remove_parametrizations(layer, attribute, leave_parametrized=True)
            weight = layer.get_parameter(attribute).detach()
            weight.masked_fill_(weight == 0, 0.0)  # a negative weight times a zero mask is −0.0
