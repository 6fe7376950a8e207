"""Which channels can leave a network without changing what it computes."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lesion.compress.channels.constant import Read
from lesion.compress.channels.sets import ChannelSet, Slice

PADDED = "a constant beside a padding of zeros"


@dataclass(frozen=True)
class Leaving:
    """What can leave.

    Attributes
    ----------
    idle : for each set bool (n,), True for the channels that no reader needs, or of which each needs a constant alone
    keep : for each set bool (n,), True for the channels that stay; at least one of each set, and some that are idle
        where a multiple is asked for
    stay : number of channels that are constant and stay, by the reason
    """

    idle: list[Tensor]
    keep: list[Tensor]
    stay: dict[str, int]


def find_leaving(
    sets: Sequence[ChannelSet], reads: Mapping[str, Read], weights: Mapping[str, Tensor], *, multiple: int = 1
) -> Leaving:
    """The channels that are not needed by any reader.

    A reader does not need a channel if its weights for it are zero, those of its outputs that are idle left aside, or
    if the channel adds a constant to its outputs (`Read.folds`).

    Parameters
    ----------
    reads, weights : what each weight reads, and the weights, by name
    multiple : each set keeps a multiple of it, or all channels; the first of those that are idle stay
    """
    left = {name: tensor.clone() for name, tensor in weights.items()}

    def at_readers(found: Callable[[Read], Tensor]) -> list[Tensor]:
        return [
            _at_all(one, lambda part: _of_inputs(part, reads, weights, found) | _unread(part, left)) for one in sets
        ]

    idle = [torch.zeros(one.size, dtype=torch.bool) for one in sets]
    while True:  # backwards from layers whose outputs are idle
        found = [
            torch.zeros_like(now) if one.fixed else before | now
            for one, before, now in zip(sets, idle, at_readers(lambda read: read.folds), strict=True)
        ]
        if all(map(torch.equal, found, idle)):
            break
        idle = found
        for one, now in zip(sets, idle, strict=True):
            for part in one.writers:
                left[part.name][part.index[now].flatten()] = 0
    stay: Counter[str] = Counter()
    for one, constant, now in zip(sets, at_readers(lambda read: read.constant), idle, strict=True):
        stay[one.fixed or PADDED] += int((constant & ~now).sum())
    return Leaving(idle, [_kept(now, multiple) for now in idle], {why: count for why, count in stay.items() if count})


def _at_all(channels: ChannelSet, found: Callable[[Slice], Tensor]) -> Tensor:
    """Bool (n,): True for the channels of which it is true at each reader; of a set without readers for none."""
    if not channels.readers:
        return torch.zeros(channels.size, dtype=torch.bool)
    return torch.stack([found(part) for part in channels.readers]).all(dim=0)


def _of_inputs(
    part: Slice, reads: Mapping[str, Read], weights: Mapping[str, Tensor], found: Callable[[Read], Tensor]
) -> Tensor:
    """Bool (n,) of what is found of a reader's inputs; a column of a grouped convolution has one in each group."""
    if part.name not in reads:
        return torch.zeros(len(part.index), dtype=torch.bool)
    columns = found(reads[part.name]).view(-1, weights[part.name].shape[1]).all(dim=0)
    return columns[part.index].all(dim=1)


def _unread(part: Slice, weights: Mapping[str, Tensor]) -> Tensor:
    """Bool (n,): True if a reader's weights for the channel are zero."""
    columns = weights[part.name].movedim(part.dim, 0).flatten(1)
    return (columns == 0).all(dim=1)[part.index].all(dim=1)


def _kept(idle: Tensor, multiple: int) -> Tensor:
    needed = int((~idle).sum())
    total = min(len(idle), -(-max(needed, 1) // multiple) * multiple)
    return ~idle | (idle.cumsum(dim=0) <= total - needed)


def without_idle(
    sets: Sequence[ChannelSet], idle: Sequence[Tensor], reads: Mapping[str, Read], weights: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The weights of readers with zeros for idle channels, and what the constants among them add to the outputs.

    Both by the name of the weight: its own shape, and (outputs,). Where nothing is added there is no entry.
    """
    changed: dict[str, Tensor] = {}
    added: dict[str, Tensor] = {}
    for one, now in zip(sets, idle, strict=True):
        for part in one.readers if now.any() else ():
            weight, columns = weights[part.name], part.index[now].flatten()
            if part.name in reads:
                values = reads[part.name].value.view(-1, weight.shape[1])[:, columns]  # (groups, columns)
                rows = weight[:, columns].flatten(2).sum(dim=2) if weight.dim() > 2 else weight[:, columns]
                sums = (rows.view(len(values), -1, len(columns)) * values[:, None]).sum(dim=2).flatten()
                added[part.name] = added[part.name] + sums if part.name in added else sums
            changed.setdefault(part.name, weight.clone())[:, columns] = 0
    return changed, {name: sums for name, sums in added.items() if sums.any()}
