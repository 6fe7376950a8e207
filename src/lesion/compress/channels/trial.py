"""Tries whether the code of a network can do with fewer channels.

Code may hold numbers of channels, as a view into heads does. It is run without half of the channels, with random
weights in float64, and has to compute what it computes when nothing reads these channels.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor, nn

from lesion.compress.channels.sets import ChannelSet
from lesion.compress.channels.shrink import shrink

TOLERANCE = 1e-9
"""Difference of outputs over their largest magnitude, above which they are not the same."""


def tried(model: nn.Module, inputs: Tensor, sets: Sequence[ChannelSet], doubts: Sequence[str]) -> list[ChannelSet]:
    """The sets, those fixed that the network's code cannot do with fewer of.

    model : any mode; sets : of `model`; doubts : of each set, what may not be possible; empty if there is no doubt
    """
    doubtful = [place for place, doubt in enumerate(doubts) if doubt and not sets[place].fixed and sets[place].size > 1]
    if not doubtful:
        return list(sets)
    trial, found = _Trial(model, inputs), list(sets)
    if not trial.works([found[place] for place in doubtful]):
        failed: set[str] = set()
        for place in doubtful:
            kind = _kind(model, found[place])
            if kind in failed or not trial.works([found[place]]):
                failed.add(kind)
                found[place] = replace(found[place], fixed=doubts[place])
        works = [found[place] for place in doubtful if not found[place].fixed]
        if works and not trial.works(works):
            found = [replace(one, fixed=one.fixed or doubt) for one, doubt in zip(found, doubts, strict=True)]
    return found


def _kind(model: nn.Module, channels: ChannelSet) -> str:
    """The classes of the modules that hold the layers of a set: if one of them fails, so do others."""
    owners = (model.get_submodule(part.name.rpartition(".")[0].rpartition(".")[0]) for part in channels.writers)
    return f"{channels.writers[0].index.shape[1]} {sorted({type(owner).__name__ for owner in owners})}"


class _Trial:
    def __init__(self, model: nn.Module, inputs: Tensor) -> None:
        self._model = deepcopy(model).double().eval()
        self._inputs = inputs.double() if inputs.is_floating_point() else inputs
        draws = torch.Generator().manual_seed(0)
        for parameter in self._model.parameters():
            fan_in = max(1, parameter[0].numel() if parameter.dim() > 1 else 4)
            values = torch.randn(parameter.shape, generator=draws, dtype=torch.float64) / fan_in**0.5
            parameter.data.copy_(values if parameter.dim() > 1 else values + 0.5)

    def works(self, sets: Sequence[ChannelSet]) -> bool:
        """True if the network computes the same without every second channel of all these sets."""
        keep = [(one, torch.arange(one.size) % 2 == 0) for one in sets]
        small = deepcopy(self._model)
        shrink(small, keep)
        with torch.no_grad(), _silent(self._model, keep):
            try:
                expected, found = self._model(self._inputs), small(self._inputs)
            except Exception:  # whatever the code raises: it cannot do with fewer channels
                return False
        return bool((found - expected).abs().max() <= TOLERANCE * expected.abs().max())


@contextmanager
def _silent(model: nn.Module, keep: Sequence[tuple[ChannelSet, Tensor]]) -> Iterator[None]:
    """Inside the block nothing reads the channels that do not stay."""
    parts = [(part, kept) for one, kept in keep for part in one.readers]
    before = {part.name: model.get_parameter(part.name).data for part, _ in parts}
    for name, tensor in before.items():
        model.get_parameter(name).data = tensor.clone()
    for part, kept in parts:
        tensor = model.get_parameter(part.name).data
        tensor.index_fill_(part.dim, part.index[~kept].flatten().to(tensor.device), 0.0)
    try:
        yield
    finally:
        for name, tensor in before.items():
            model.get_parameter(name).data = tensor
