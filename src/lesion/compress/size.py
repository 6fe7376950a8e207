"""Size of a network: nonzero weights, multiply-adds for one image, bytes on disk."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from lesion.compress.encoding import MASK
from lesion.compress.masks import prunable
from lesion.compress.multiply_adds import InUse, in_use, uses_of_weights


def sizes(
    members: Iterable[tuple[Mapping[str, Tensor], nn.Module]],
    network: nn.Module,
    shape: tuple[int, ...],
    dtype: torch.dtype = torch.float32,
) -> dict[str, Any]:
    """Mean size of the members of a population, by column name, against the plain network.

    A member may be smaller than the plain network: what is gone counts as zero, a weight of another shape counts where
    the member uses it, and so does a weight that the plain network does not have.

    A weight is zero if it is where the network multiplies by it: after quantisation, and after a layer has standardised
    its weight, which leaves few zeros of a mask. Only prunable weights count (`masks.prunable`): those of convolutions,
    linear layers and attention. Biases, norms, embeddings and position tables do not, nor do products of two
    activations as in attention.

    Parameters
    ----------
    members : what is stored of each member, and the network that is restored from it; at least one member
    network : the plain network, before compression
    shape, dtype : of an input: channels, height and width of an image

    Returns
    -------
    parameters : int, number of weights, zeros included; a weight that layers share counts once
    parameters_left : number of nonzero weights, mean over members
    sparsity : share of zeros, mean over members
    sparsity_by_layer : [name, share of zeros] for each weight, in the order of the network
    multiply_adds : for one image, mean over members; zero weights cost nothing, so this is a lower bound
    multiply_adds_dense : int, the same with no weight zero
    bytes_per_member : bytes of the stored tensors, mean over members
    encoding : "bit mask + values" if any tensor is stored so (encoding.py), else "plain"
    """
    uses = uses_of_weights(network, shape, dtype)
    total = {name: network.get_parameter(name).numel() for name in uses}
    plain = _Plain(
        uses, {name: network.get_parameter(name).shape for name in uses}, {name for name, *_ in prunable(network)}
    )
    found = [_size(stored, restored, plain, shape, dtype) for stored, restored in members]
    names = [*total, *sorted({name for member in found for name in member.left} - total.keys())]
    left = {name: fmean(member.left.get(name, 0) for member in found) for name in names}
    parameters, parameters_left = sum(total.values()), sum(left.values())
    return {
        "parameters": parameters,
        "parameters_left": parameters_left,
        "sparsity": 1 - parameters_left / parameters,
        "sparsity_by_layer": [[name, 1 - left[name] / total[name]] for name in total],
        "multiply_adds": fmean(member.multiply_adds for member in found),
        "multiply_adds_dense": sum(int(uses[name].sum()) * (total[name] // len(uses[name])) for name in uses),
        "bytes_per_member": fmean(member.bytes for member in found),
        "encoding": "bit mask + values" if any(member.masked for member in found) else "plain",
    }


@dataclass(frozen=True)
class _Plain:
    """The weights of the plain network that count: their uses and shapes; and the names of all, shared ones too."""

    uses: Mapping[str, Tensor]
    shapes: Mapping[str, torch.Size]
    names: Collection[str]


@dataclass(frozen=True)
class _Size:
    left: dict[str, int]
    multiply_adds: int
    bytes: int
    masked: bool


def _size(
    stored: Mapping[str, Tensor], restored: nn.Module, plain: _Plain, shape: tuple[int, ...], dtype: torch.dtype
) -> _Size:
    found = in_use(restored, shape, dtype)
    counted = [name for name in found.uses if name in plain.uses or name not in plain.names]
    left = {name: found.weights[name].flatten(1).count_nonzero(dim=1).cpu() for name in counted}
    uses = {name: _uses(name, found, plain) for name in counted}
    return _Size(
        left={name: int(rows.sum()) for name, rows in left.items()},
        multiply_adds=sum(int((uses[name] * rows).sum()) for name, rows in left.items()),
        bytes=sum(tensor.nbytes for tensor in stored.values()),
        masked=any(name.endswith(MASK) for name in stored),
    )


def _uses(name: str, found: InUse, plain: _Plain) -> Tensor:
    """How often a weight is used: as the plain network does if the shape is the same, which sees shared weights."""
    same = name in plain.uses and found.weights[name].shape == plain.shapes[name]
    return plain.uses[name] if same else found.uses[name]
