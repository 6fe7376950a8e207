"""Takes the channels out of a network that it does not need, and checks that it computes the same."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from lesion.compress.channels.branches import drop_zero_branches
from lesion.compress.channels.constant import reads
from lesion.compress.channels.find import find_channels
from lesion.compress.channels.leaving import find_leaving, without_idle
from lesion.compress.channels.sets import ChannelSet, Slice
from lesion.compress.channels.shrink import resize, shrink
from lesion.errors import InputError

TOLERANCE = 1e-9
"""How far outputs in float64 may differ, over their largest magnitude."""


@dataclass(frozen=True)
class Removal:
    """What has left a network.

    Attributes
    ----------
    channels, left : number of channels before and after, those that the network's outputs need included
    stay : number of channels that are constant and stay, by the reason
    rounding : the largest difference of outputs in the network's own precision, over their largest magnitude
    """

    channels: int
    left: int
    stay: dict[str, int]
    rounding: float


def remove_idle(model: nn.Module, images: Sequence[Tensor], *, multiple: int = 1) -> Removal:
    """Take the channels out of a network, in place, that no layer needs (`leaving.find_leaving`).

    Branches of residual blocks that add nothing leave whole, before. Constants that leave are added to the biases of
    their readers, in float64; a bias is made where there is none.

    Parameters
    ----------
    model : in evaluation mode
    images : batches for the check: (n, c, h, w), or whatever the network takes
    multiple : each set of channels keeps a multiple of it, or all

    Raises
    ------
    InputError
        If the smaller network computes something else.
    """
    example, before = images[0][:1], deepcopy(model)
    drop_zero_branches(model)
    sets = _free(find_channels(model, example), model)
    small = deepcopy(model).double()
    weights = {name: parameter.detach() for name, parameter in small.named_parameters()}
    read = reads(small, _as(example, torch.float64))
    leaving = find_leaving(sets, read, weights, multiple=multiple)
    changed, added = without_idle(sets, leaving.idle, read, weights)
    for name, weight in changed.items():
        weights[name].copy_(weight)
    made = [name for name, sums in added.items() if _add_to_bias(small, name, sums)]
    shrink(small, zip(_with_biases(sets, made), leaving.keep, strict=True))
    apart = _difference(deepcopy(before).double(), small, (_as(batch, torch.float64) for batch in images))
    if not apart <= TOLERANCE:
        raise InputError(
            f"remove: the smaller network computes something else: outputs differ by {apart:.1g} of the largest"
        )
    dtype = next(model.parameters()).dtype
    resize(model, {name: _as(tensor, dtype) for name, tensor in small.state_dict().items()})
    return Removal(
        sum(one.size for one in find_channels(before, example)),
        sum(int(kept.sum()) for kept in leaving.keep),
        leaving.stay,
        _difference(before, model, images),
    )


def _as(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _free(sets: Iterable[ChannelSet], model: nn.Module) -> list[ChannelSet]:
    """The sets, fixed where several layers share a tensor, which could not be told apart when it is stored."""
    owners = Counter(id(tensor) for _, tensor in model.named_parameters(remove_duplicate=False))
    shared = {name for name, tensor in model.named_parameters() if owners[id(tensor)] > 1}
    return [
        replace(one, fixed="layers share a weight")
        if not one.fixed and shared & {part.name for part in one.slices}
        else one
        for one in sets
    ]


def _bias(weight: str) -> str:
    path, dot, attribute = weight.rpartition(".")
    return path + dot + attribute.replace("weight", "bias")


def _add_to_bias(model: nn.Module, weight: str, sums: Tensor) -> bool:
    """Add to the bias of a layer, (outputs,). True if there was none, so that it was made."""
    path, _, name = _bias(weight).rpartition(".")
    layer = model.get_submodule(path)
    if (bias := getattr(layer, name)) is not None:
        bias.data.add_(sums)
        return False
    setattr(layer, name, nn.Parameter(sums))
    return True


def _with_biases(sets: Iterable[ChannelSet], made: Collection[str]) -> list[ChannelSet]:
    """The sets, whose channels have entries in the biases that were made for these weights, too."""
    return [
        replace(
            one,
            followers=(
                *one.followers,
                *(Slice(_bias(part.name), 0, part.index) for part in one.writers if part.name in made),
            ),
        )
        for one in sets
    ]


def _difference(one: nn.Module, other: nn.Module, images: Iterable[Tensor]) -> float:
    """The largest difference of the outputs, over their largest magnitude; infinite where one is not finite."""
    apart = largest = 0.0
    with torch.no_grad():
        for batch in images:
            expected, found = one(batch), other(batch)
            if not expected.isfinite().all() or found.shape != expected.shape:
                return float("inf")
            apart = max(apart, float((found - expected).abs().max()))
            largest = max(largest, float(expected.abs().max()))
    return apart / (largest or 1.0)
