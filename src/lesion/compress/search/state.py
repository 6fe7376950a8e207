"""What AMC's agent sees before it chooses for a layer (He et al., arXiv 1802.03494, eq. 1)."""

from __future__ import annotations

import torch
from torch import Tensor

from lesion.compress.search.problem import AllocationProblem, Counts


class States:
    """The states (t, n, c, h, w, stride, k, cost[t], reduced, rest, a_{t−1}) of a problem, each entry in [0, 1].

    Sizes are scaled by their range over the layers, costs by the cost of the network. Costs are those of the budget,
    which are FLOPs in the paper.

    Attributes
    ----------
    size : number of entries
    """

    size = 11

    def __init__(self, problem: AllocationProblem) -> None:
        self._problem, self._names = problem, [*problem.tensors]
        layers = [problem.layers[name] for name in self._names]
        sizes = torch.tensor(
            [
                [place, one.outputs, one.inputs, one.height, one.width, one.stride, one.kernel]
                for place, one in enumerate(layers)
            ],
            dtype=torch.float64,
        )
        low, high = sizes.amin(dim=0), sizes.amax(dim=0)
        self._sizes = (sizes - low) / torch.where(high > low, high - low, 1.0)
        self._costs = torch.tensor([one.cost for one in layers], dtype=torch.float64) / problem.dense

    def at(self, place: int, counts: Counts, kept: float) -> Tensor:
        """The state before layer `place`, float32 (size,). `kept`: the share of the layer before, 1 at first.

        `counts`: of them, those of earlier layers count.
        """
        before = {name: counts[name] if earlier < place else 0 for earlier, name in enumerate(self._names)}
        reduced = 1 - self._problem.cost(before) / self._problem.dense
        rest = float(self._costs[place + 1 :].sum())
        more = torch.tensor([float(self._costs[place]), reduced, rest, kept], dtype=torch.float64)
        return torch.cat([self._sizes[place], more]).float()
