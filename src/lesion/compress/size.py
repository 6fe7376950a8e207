"""How big a network is: weights that are left, multiply-adds for an image, bytes on disk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from torch import Tensor, nn

from lesion.compress.encoding import MASK, decode
from lesion.compress.multiply_adds import uses_of_weights


def sizes(members: Iterable[Mapping[str, Tensor]], network: nn.Module, shape: tuple[int, int, int]) -> dict[str, Any]:
    """What members take, the mean over them, by the field's names.

    Weights are those that can be pruned (`masks.prunable`): of convolutions, linear layers and attention. No bias,
    norm, embedding or table of positions is counted, nor a product of two activations as in attention.

    Parameters
    ----------
    members : the stored tensors of each member, one at least; a weight has its name and shape in the plain network,
        in any dtype (the integers of a quantised one are zero where the weight is)
    network : the plain network, before any compression
    shape : of an image: channels, height, width

    Returns
    -------
    parameters : int, the weights, zero or not; one that several layers share counts once
    parameters_left : mean over members of those that are not zero
    sparsity : share of zeros, mean over members
    sparsity_by_layer : the same for each weight, [name, share] in the order of the network
    multiply_adds : for one image, mean over members; a weight that is zero takes none, so this is what a kernel
        would do at best
    multiply_adds_dense : int, the same if no weight were zero
    bytes_per_member : of the tensors as they lie on disk, mean over members
    encoding : "bit mask + values" where any tensor is stored so (encoding.py), else "plain"
    """
    uses = uses_of_weights(network, shape)
    total = {name: network.get_parameter(name).numel() for name in uses}
    found = [_size(stored, uses) for stored in members]
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


def _size(stored: Mapping[str, Tensor], uses: Mapping[str, Tensor]) -> _Size:
    tensors = decode(stored)
    left = {name: tensors[name].flatten(1).count_nonzero(dim=1) for name in uses}
    return _Size(
        left={name: int(rows.sum()) for name, rows in left.items()},
        multiply_adds=sum(int((uses[name] * rows).sum()) for name, rows in left.items()),
        bytes=sum(tensor.nbytes for tensor in stored.values()),
        masked=any(name.endswith(MASK) for name in stored),
    )
