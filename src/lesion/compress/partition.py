"""How the weights of a network divide into groups that are pruned together: within each tensor, or across tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from lesion import plugins
from lesion.compress.channels.find import find_channels
from lesion.compress.channels.sets import ChannelSet, Slice
from lesion.compress.contracts import SelectiveShape, Shape
from lesion.compress.grouping import Grouping, Groups
from lesion.compress.masks import MaskedNetwork, Units, channels_kept, prunable
from lesion.compress.units import find_units, layers_with_units
from lesion.errors import InputError
from lesion.plugins import Named


class Partition(Protocol):
    """Groups of weights, in blocks that an allocation treats as one tensor. Blocks have names."""

    def saliency(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The saliency of each group, float (rows, groups) by block, of weights by name; blocks may be missing."""

    def groups(self, saliency: Mapping[str, Tensor]) -> dict[str, Groups]:
        """What an allocation looks at, by block."""

    def kept(self, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The groups of which masks keep any weight: bool (rows, groups) by block."""

    def whole(self, groups: Mapping[str, Tensor], *, rest: bool) -> dict[str, Tensor]:
        """Bool by weight name, in the shape of the weight, of bool (rows, groups) by block; `rest` for all others."""


class ByTensor:
    """Groups within each tensor. A block is a tensor and has its name.

    groupings : how each weight divides, by name
    """

    def __init__(self, groupings: Mapping[str, Grouping]) -> None:
        self._groupings = groupings

    def saliency(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The mean saliency of the weights of each group."""
        return {
            name: self._groupings[name].split(tensor).mean(dim=2)
            for name, tensor in values.items()
            if name in self._groupings
        }

    def groups(self, saliency: Mapping[str, Tensor]) -> dict[str, Groups]:
        """As in `Partition`."""
        found = {name: self._groupings[name] for name in saliency}
        return {name: Groups(one.shape, saliency[name], one.size) for name, one in found.items()}

    def kept(self, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """As in `Partition`."""
        return {name: grouping.split(masks[name]).any(dim=2) for name, grouping in self._groupings.items()}

    def whole(self, groups: Mapping[str, Tensor], *, rest: bool) -> dict[str, Tensor]:  # noqa: ARG002
        """As in `Partition`; no weight of these tensors is left over."""
        return {name: self._groupings[name].join(kept[:, :, None]) for name, kept in groups.items()}


class ByChannel:
    """Channels that may lie in several tensors. A block is a set of tied channels, a group a channel.

    Parameters
    ----------
    sets : of which a row or more of a weight compute each channel
    weights : the weights that can be pruned, by name; depthwise filters among them are pruned with their channels
    """

    def __init__(self, sets: Sequence[ChannelSet], weights: Mapping[str, Tensor]) -> None:
        self._shapes = {name: weight.shape for name, weight in weights.items()}
        self._blocks: dict[str, ChannelSet] = {}
        for one in sets:
            first = one.writers[0].name
            count = sum(block.writers[0].name == first for block in self._blocks.values())
            self._blocks[f"{first}, part {count + 1}" if count else first] = one

    def _rows(self, one: ChannelSet) -> list[Slice]:
        """All rows of weights that leave with a channel."""
        return [part for part in (*one.writers, *one.followers) if part.dim == 0 and part.name in self._shapes]

    def saliency(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The sum over the rows that compute a channel of the mean saliency of each row."""
        return {
            name: torch.stack([values[part.name].flatten(1).mean(dim=1)[part.index].sum(dim=1) for part in one.writers])
            .sum(dim=0)
            .unsqueeze(0)
            for name, one in self._blocks.items()
            if all(part.name in values for part in one.writers)
        }

    def groups(self, saliency: Mapping[str, Tensor]) -> dict[str, Groups]:
        """A block of rows of one weight has its shape but for their number; another has (channels, weights of one)."""
        found = {}
        for name, values in saliency.items():
            rows = self._rows(self._blocks[name])
            sizes = [part.index.shape[1] * self._shapes[part.name][1:].numel() for part in rows]
            alone = len(rows) == 1 and rows[0].index.shape[1] == 1
            shape = (values.shape[1], *(self._shapes[rows[0].name][1:] if alone else (sum(sizes),)))
            found[name] = Groups(torch.Size(shape), values, sum(sizes))
        return found

    def kept(self, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """As in `Partition`."""
        return {name: channels_kept(one, masks).unsqueeze(0) for name, one in self._blocks.items()}

    def whole(self, groups: Mapping[str, Tensor], *, rest: bool) -> dict[str, Tensor]:
        """As in `Partition`."""
        found: dict[str, Tensor] = {}
        for name, (row,) in groups.items():
            for part in self._rows(self._blocks[name]):
                mask = found.get(part.name)
                if mask is None:
                    mask = found[part.name] = row.new_full(self._shapes[part.name], rest)
                part.put(mask, row)
        return found


def find_tied(model: nn.Module, image: Tensor, shape: Named) -> tuple[dict[str, Units], list[ChannelSet]]:
    """The units by weight name and the sets of tied channels that a mask shape prunes whole; empty if it does not.

    model : before it gets masks
    image : one normalised image, float32 (1, c, h, w)
    """
    module: Shape
    module, _ = plugins.component("shape", shape, where="variant.shape")
    units = find_units(model, image) if module.WHOLE_UNITS else {}
    channels = find_channels(model, image) if module.TIED else []
    return units, [one for one in channels if not isinstance(module, SelectiveShape) or module.prunes(one)]


def partition(network: MaskedNetwork, shape: Named) -> Partition:
    """How a mask shape divides the weights of a network that have masks.

    Raises
    ------
    InputError
        If the mask shape fits no layer.
    """
    module: Shape
    module, options = plugins.component("shape", shape, where="variant.shape")
    weights = network.weights()
    names = [name for name, _, _ in prunable(network.model)]
    spared = {names[{"first": 0, "last": -1}[place]] for place in module.SPARES}
    layers = layers_with_units(network.model) if module.WHOLE_UNITS else weights
    found = {
        name: module.grouping(weights[name].shape, options) for name in layers if name in weights and name not in spared
    }
    groupings = {name: grouping for name, grouping in found.items() if grouping is not None}
    if not (network.channels if module.TIED else groupings):
        raise InputError(f"shape {shape!r} fits no layer of this network")
    return ByChannel(network.channels, weights) if module.TIED else ByTensor(groupings)
