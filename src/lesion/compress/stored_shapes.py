"""Members that are made of smaller ones, whose networks have other shapes than params.yaml describes.

What is stored of such a member has a tensor `shapes.json`, uint8: the bytes of a JSON object with the shape of each
tensor of its parent's network that the plain network does not have, or has in another shape, and null for each tensor
that only the plain network has. So a method stores what it makes of a smaller network as it stores any other, and its
restorer gets a network of the right shapes.
"""

import json
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from lesion.compress.channels.branches import drop_missing_branches
from lesion.compress.channels.shrink import reshape

SHAPES = "shapes.json"

Shapes = Mapping[str, torch.Size]


def shapes_of(network: nn.Module) -> dict[str, torch.Size]:
    """Shape of each tensor of the state dict, by name."""
    return {name: tensor.shape for name, tensor in network.state_dict().items()}


def with_shapes(tensors: Mapping[str, Tensor], shapes: Shapes, plain: Shapes) -> dict[str, Tensor]:
    """What to store of a member: `tensors`, and the `shapes` of its parent where they are not the plain network's."""
    other: dict[str, list[int] | None] = {name: [*shape] for name, shape in shapes.items() if plain.get(name) != shape}
    other.update(dict.fromkeys(plain.keys() - shapes.keys()))
    if not other:
        return dict(tensors)
    text = json.dumps(other, sort_keys=True, separators=(",", ":"))
    return {**tensors, SHAPES: torch.tensor([*text.encode()], dtype=torch.uint8)}


def take_shapes(network: nn.Module, stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give the plain `network` the shapes that are stored, if any are; returns the other tensors."""
    tensors = dict(stored)
    if (said := tensors.pop(SHAPES, None)) is not None:
        found = json.loads(bytes(said.tolist()))
        missing = {name for name, shape in found.items() if shape is None}
        drop_missing_branches(network, network.state_dict().keys() - missing)
        reshape(network, {name: torch.Size(shape) for name, shape in found.items() if shape is not None})
    return tensors
