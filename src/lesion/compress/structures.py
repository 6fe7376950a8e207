"""Structures of a network that may have a scale: channels, groups of grouped convolutions, branches of residual blocks.

A scale multiplies the output of a structure: the rows of a layer's weight and bias, or the scale and the bias of the
batch norm behind them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lesion.compress.channels.find import find_channels
from lesion.compress.channels.sets import ChannelSet
from lesion.compress.masks import MaskedNetwork, Units, prunable
from lesion.compress.parametrisations import without_masks
from lesion.compress.units import find_units, over_weights
from lesion.models.residual import Block


@dataclass(frozen=True)
class Structures:
    """Structures with scales of their own.

    Attributes
    ----------
    kind : channel, group or block
    count : number of structures
    rows : weight name -> int64 (rows,), the structure that each row of the weight computes, or `count` for none
    pruned : names of weights that are pruned with the one structure
    """

    kind: str
    count: int
    rows: Mapping[str, Tensor]
    pruned: tuple[str, ...] = ()


class Scaled(nn.Module):
    """The parametrisation `tensor · λ` along the first dimension; rows of no structure stay as they are.

    A scale is in the network's state once, with the first tensor that it multiplies (`holds`).
    """

    rows: Tensor

    def __init__(self, scale: nn.Parameter, rows: Tensor, *, holds: bool) -> None:
        super().__init__()
        if holds:
            self.register_parameter("scale", scale)
        self._scale = (scale,)  # in a tuple, so that it is not registered again
        self.register_buffer("rows", rows.to(scale.device), persistent=False)

    def forward(self, tensor: Tensor) -> Tensor:
        """Any shape, same shape back."""
        (scale,) = self._scale
        factors = torch.cat([scale, scale.new_ones(1)])[self.rows]
        return tensor * factors.view(-1, *[1] * (tensor.dim() - 1))


def find_structures(network: MaskedNetwork, inputs: Tensor, kinds: Collection[str]) -> list[Structures]:
    """The structures of these kinds (`channel`, `group`, `block`), in the order of the network's layers.

    network : layers without a mask have no structures
    inputs : (1, c, h, w)
    """
    plain = without_masks(network.model)
    units = {name: unit for name, unit in find_units(plain, inputs).items() if name in network.layers}
    found: list[Structures] = []
    if "channel" in kinds:
        found += [_channels(one, plain) for one in find_channels(plain, inputs) if _can_be_scaled(one, units, plain)]
    if "group" in kinds:
        found += [_groups(name, network.layers[name][0]) for name in units if _has_groups(network.layers[name][0])]
    if "block" in kinds:
        found += [_block(name, block) for name, block in plain.named_modules() if isinstance(block, Block)]
    return found


def _can_be_scaled(channels: ChannelSet, units: Mapping[str, Units], model: nn.Module) -> bool:
    """True if the channels can leave, and no norm takes a scale back that their layers' outputs have."""
    names = {module: name for name, module in model.named_modules()}
    own: set[str] = set()
    for writer in channels.writers:
        if writer.name not in units:
            return False
        own.add(writer.name.removesuffix("weight") + "bias")
        norm = units[writer.name].norm
        if norm is not None:
            own |= {f"{names[norm]}.{name}" for name in norm.state_dict()}
    return not channels.fixed and {follower.name for follower in channels.followers} <= own


def _channels(channels: ChannelSet, model: nn.Module) -> Structures:
    rows = {}
    for writer in channels.writers:
        rows[writer.name] = torch.full(model.get_parameter(writer.name).shape[:1], channels.size)
        rows[writer.name][writer.index] = torch.arange(channels.size)[:, None]
    return Structures("channel", channels.size, rows)


def _has_groups(layer: nn.Module) -> bool:
    return isinstance(layer, nn.modules.conv._ConvNd) and 1 < layer.groups < layer.out_channels


def _groups(name: str, layer: nn.Module) -> Structures:
    groups, rows = int(layer.groups), int(layer.out_channels)  # type: ignore[arg-type]
    return Structures("group", groups, {name: torch.arange(groups).repeat_interleave(rows // groups)})


def _block(name: str, block: Block) -> Structures:
    parts = [(f"{name}.{part}", block.get_submodule(part)) for part in block.branch]
    weights = [f"{path}.{inner}" for path, part in parts for inner, _, _ in prunable(part)]
    last = block.get_parameter(weights[-1].removeprefix(f"{name}."))
    return Structures("block", 1, {weights[-1]: torch.zeros(len(last), dtype=torch.int64)}, tuple(weights))


class Scales:
    """The scales λ of structures, on a network whose layers have masks.

    Attributes
    ----------
    parameter : λ, (count,), 1 at first
    """

    def __init__(self, network: MaskedNetwork, units: Mapping[str, Units], structures: Structures) -> None:
        self._network, self._structures = network, structures
        weights = network.weights()
        self.parameter = nn.Parameter(weights[next(iter(structures.rows))].new_ones(structures.count))
        self._scaled: list[tuple[nn.Module, str]] = []
        for name, rows in structures.rows.items():
            owner = units[name].norm or network.layers[name][0]
            for attribute in ("weight", "bias"):
                if getattr(owner, attribute, None) is not None:
                    scaled = Scaled(self.parameter, rows, holds=not self._scaled)
                    parametrize.register_parametrization(owner, attribute, scaled)
                    self._scaled.append((owner, attribute))

    def masks(self) -> dict[str, Tensor]:
        """False for all weights that only compute structures with λ = 0: bool by weight name."""
        kept = torch.cat([self.parameter.detach() != 0, self.parameter.new_ones(1, dtype=torch.bool)])
        weights = self._network.weights()
        rows = {name: kept[rows.to(kept.device)] for name, rows in self._structures.rows.items()}
        found = {name: over_weights(alive, weights[name]) for name, alive in rows.items()}
        return found | {name: kept[0].expand_as(weights[name]) for name in self._structures.pruned}

    def remove(self) -> None:
        """Multiply the scales into the tensors; those of weights stay until their masks are removed."""
        weights = {id(layer): attribute for layer, attribute in self._network.layers.values()}
        for owner, attribute in self._scaled:
            if weights.get(id(owner)) != attribute and parametrize.is_parametrized(owner, attribute):
                parametrize.remove_parametrizations(owner, attribute, leave_parametrized=True)
