"""Problems so small that all solutions can be listed."""

from itertools import product

import torch
from torch import Size

from lesion.compress.grouping import Groups
from lesion.compress.search.problem import AllocationProblem, Counts, Layer


class Listed:
    """Tensors of `groups` groups that each cost `size`; what is lost by pruning them.

    Attributes
    ----------
    problem : its reward is minus the sum over tensors of losses · share pruned ^ 2; its cost is of the groups left
    tried : what was measured, in order
    """

    def __init__(
        self, groups: list[int], sizes: list[int], losses: list[float], *, share: float = 0.5, least: float = 0.2
    ) -> None:
        self.groups, self.sizes, self.losses = groups, sizes, losses
        self.names = [f"{place}.weight" for place in range(len(groups))]
        self.tried: list[Counts] = []
        tensors = {
            name: Groups(Size([count, size]), torch.rand(1, count), size)
            for name, count, size in zip(self.names, groups, sizes, strict=True)
        }
        layers = {
            name: Layer(count, size, 1, 1, 0, 1, count * size)
            for name, count, size in zip(self.names, groups, sizes, strict=True)
        }
        total = sum(count * size for count, size in zip(groups, sizes, strict=True))
        self.problem = AllocationProblem(
            tensors, layers, cost=self.cost, reward=self._measured, limit=share * total, least=least, seed=7
        )

    def cost(self, counts: Counts) -> float:
        return sum((self.groups[at] - counts[name]) * self.sizes[at] for at, name in enumerate(self.names))

    def reward(self, counts: Counts) -> float:
        return -sum(
            self.losses[at] * (counts[name] / self.groups[at]) ** 2 for at, name in enumerate(self.names)
        )  # fmt: skip

    def _measured(self, counts: Counts) -> float:
        self.tried.append(dict(counts))
        return self.reward(counts)

    def solutions(self) -> list[tuple[float, Counts]]:
        """All allocations within the bounds and the budget, the best first."""
        ranges = [range(self.problem.most[name] + 1) for name in self.names]
        listed = (dict(zip(self.names, counts, strict=True)) for counts in product(*ranges))
        fitting = [(self.reward(counts), counts) for counts in listed if self.cost(counts) <= self.problem.limit]
        return sorted(fitting, key=lambda one: -one[0])
