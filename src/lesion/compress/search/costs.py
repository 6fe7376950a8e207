"""What a network would cost without its pruned groups: weights, multiply-adds, or time by a table of its layers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lesion.compress.multiply_adds import uses_of_weights
from lesion.errors import InputError

if TYPE_CHECKING:
    from lesion.compress.search.counts import MasksOf
    from lesion.compress.search.options import Budget

CACHED = 4
"""Numbers of groups of each tensor whose masks are remembered."""


class Costs:
    """The cost of a network by the masks of its weights.

    Where whole units are pruned, a channel of which no weight is left leaves the network: what reads it costs nothing
    either. Without whole units each weight counts on its own.

    Parameters
    ----------
    plain : the network without masks, in evaluation mode; it is only run
    image : one normalised image, (1, c, h, w), on the network's device
    budget : the unit
    whole_units : True if the mask shape prunes whole units

    Raises
    ------
    InputError
        For the latency of single weights, without which no layer is faster.
    """

    def __init__(self, plain: nn.Module, image: Tensor, budget: Budget, *, whole_units: bool) -> None:
        from lesion.compress.channels.find import find_channels

        self._uses = uses_of_weights(plain, tuple(image.shape[1:]), image.dtype)
        self._ones = {name: _matrix(torch.ones_like(plain.get_parameter(name))) for name in self._uses}
        found = find_channels(plain, image) if whole_units else []
        self._sets = [
            channels
            for channels in found
            if not channels.fixed and channels.writers and all(part.name in self._ones for part in channels.writers)
        ]
        self._budget, self._times = budget, None
        if budget == "latency":
            from lesion.compress.search.latency import Latencies

            if not whole_units:
                raise InputError("budget: without whole channels no layer is faster; a latency needs shape filter, say")
            self._times = Latencies(plain, image)

    @property
    def dense(self) -> dict[str, float]:
        """The cost of each weight without masks, by weight name."""
        return self._each({})

    def of_counts(self, masks_of: MasksOf, names: Collection[str]) -> Callable[[Mapping[str, int]], float]:
        """A function: the numbers of groups that go of the tensors `names` -> the cost of the network."""

        @lru_cache(maxsize=CACHED * len(names))
        def kept(name: str, count: int) -> dict[str, Tensor]:
            return {weight: _matrix(mask) for weight, mask in masks_of({name: count}).items()}

        def cost(counts: Mapping[str, int]) -> float:
            left: dict[str, Tensor] = {}
            for name, count in counts.items():
                for weight, found in kept(name, count).items():
                    left[weight] = torch.minimum(left[weight], found) if weight in left else found
            return sum(self._each(left).values())

        return cost

    def _each(self, masked: Mapping[str, Tensor]) -> dict[str, float]:
        """The cost of each weight. `masked`: as `_matrix` has it, of the weights that have masks."""
        left = self._without_readers({**self._ones, **masked})
        if self._times is not None:
            return {
                name: self._times(name, int(kept.any(dim=1).sum()), int(kept.any(dim=0).sum()))
                for name, kept in left.items()
            }
        if self._budget == "weights":
            return {name: float(kept.sum()) for name, kept in left.items()}
        return {name: float(self._uses[name] @ kept.sum(dim=1).long().cpu()) for name, kept in left.items()}

    def _without_readers(self, left: dict[str, Tensor]) -> dict[str, Tensor]:
        """The same without the weights that read channels of which no weight is left."""
        for channels in self._sets:
            gone = torch.ones(channels.size, dtype=torch.bool)
            for part in channels.writers:
                gone &= ~left[part.name].any(dim=1).cpu()[part.index].any(dim=1)
            if gone.any():
                for part in (*channels.readers, *channels.followers):
                    if part.name in left:
                        index = part.index[gone].flatten().to(left[part.name].device)
                        left[part.name] = left[part.name].index_fill(part.dim, index, 0)
        return left


def _matrix(mask: Tensor) -> Tensor:
    """Number of kept weights between each output and each input: float32 (outputs, inputs)."""
    return mask.reshape(*mask.shape[:2], -1).sum(dim=2, dtype=torch.float32)
