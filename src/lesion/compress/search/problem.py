"""What an allocation that searches is given: the tensors, what numbers of groups cost, and what they are worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lesion.compress.grouping import Groups
from lesion.errors import InputError

Counts = dict[str, int]
"""Number of groups to prune in each row of each tensor, by its name."""


@dataclass(frozen=True)
class Layer:
    """A layer as AMC's agent sees it (He et al., arXiv 1802.03494, eq. 1).

    Attributes
    ----------
    outputs, inputs : n and c
    height, width : of the input; 1 for features
    stride, kernel : 0 and 1 in a linear layer
    cost : of the layer before anything is pruned, in the unit of the budget
    """

    outputs: int
    inputs: int
    height: int
    width: int
    stride: int
    kernel: int
    cost: float


class AllocationProblem:
    """An allocation to search. No solution may cost more than `limit`.

    Attributes
    ----------
    tensors : groups and their saliency, by name
    layers : the layer of each tensor, by name, in the same order
    limit : the most that a solution may cost
    most : the most groups of each row that may be pruned, by name: a row keeps the share `least`, and one of several
    seed : of all random draws of the search
    trials : how often the network has been measured

    Raises
    ------
    InputError
        If nothing within the bounds is cheap enough.
    """

    def __init__(
        self,
        tensors: Mapping[str, Groups],
        layers: Mapping[str, Layer],
        *,
        cost: Callable[[Counts], float],
        reward: Callable[[Counts], float],
        limit: float,
        least: float,
        seed: int,
    ) -> None:
        self.tensors, self.layers, self.limit, self.seed, self.trials = tensors, layers, limit, seed, 0
        self._cost, self._reward = cost, reward
        self._costs: dict[tuple[int, ...], float] = {}
        self.most = {
            name: min(math.floor((1 - least) * groups.saliency.shape[1] + 1e-9), groups.pruned(1.0))
            for name, groups in tensors.items()
        }
        self.dense = self.cost(dict.fromkeys(tensors, 0))
        if self.cost(self.most) > limit:
            raise InputError(
                f"allocation: with the share {least:g} of each tensor kept the network costs"
                f" {self.cost(self.most):.6g}, more than the budget of {limit:.6g}"
            )

    def groups(self, name: str) -> int:
        """Number of groups in each row of a tensor."""
        return self.tensors[name].saliency.shape[1]

    def cost(self, counts: Counts) -> float:
        """What the network costs without these groups, in the unit of the budget. Falls as more groups go."""
        key = tuple(counts[name] for name in self.tensors)
        if key not in self._costs:
            self._costs[key] = self._cost(counts)
        return self._costs[key]

    def fits(self, counts: Counts) -> bool:
        """True if this is within the budget."""
        return self.cost(counts) <= self.limit

    def reward(self, counts: Counts) -> float:
        """Measure the network without these groups; the larger, the better. A trial."""
        self.trials += 1
        return self._reward(counts)
