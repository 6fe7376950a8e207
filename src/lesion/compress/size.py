"""Size of a network: nonzero weights, multiply-adds for one image, bytes on disk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from lesion.compress.encoding import MASK
from lesion.compress.multiply_adds import uses_of_weights, weights_in_use


def sizes(
    members: Iterable[tuple[Mapping[str, Tensor], nn.Module]],
    network: nn.Module,
    shape: tuple[int, ...],
    dtype: torch.dtype = torch.float32,
) -> dict[str, Any]:
    """Mean size of the members of a population, by column name.

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
    found = [_size(stored, weights_in_use(restored, shape, dtype), uses) for stored, restored in members]
    left = {name: fmean(member.left[name] for member in found) for name in total}
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
class _Size:
    left: dict[str, int]
    multiply_adds: int
    bytes: int
    masked: bool


def _size(stored: Mapping[str, Tensor], weights: Mapping[str, Tensor], uses: Mapping[str, Tensor]) -> _Size:
    left = {name: weights[name].flatten(1).count_nonzero(dim=1).cpu() for name in uses}
    return _Size(
        left={name: int(rows.sum()) for name, rows in left.items()},
        multiply_adds=sum(int((uses[name] * rows).sum()) for name, rows in left.items()),
        bytes=sum(tensor.nbytes for tensor in stored.values()),
        masked=any(name.endswith(MASK) for name in stored),
    )
