"""Evolution: the best of random allocations are changed at random, and each change that is among the best stays.

A (μ + 1) search (Bäck & Schwefel, 1993): of `parents` allocations one is drawn, the shares of some of its tensors move
by a normal step, the result is projected on the budget and measured, and the worst leaves. The first allocation prunes
all tensors alike, so the search ends no worse than uniform on its own images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.compress.search.options import Searching

if TYPE_CHECKING:
    import numpy as np

    from lesion.compress.search.problem import AllocationProblem, Counts

REDRAWS = 20
"""Draws of a change that was not tried before; then one is measured again."""


class Options(Searching):
    """`parents`: allocations that are kept; twice as many are drawn at random at first. `spread`: the standard
    deviation of a step, in shares of what may be pruned of a tensor.
    """

    parents: int = Field(default=5, ge=1)
    spread: float = Field(default=0.2, gt=0)


def search(problem: AllocationProblem, options: Options) -> Counts:
    """The best allocation that was tried."""
    import numpy as np

    from lesion.compress.search.levels import project

    rng, tried = np.random.default_rng(problem.seed), set[tuple[int, ...]]()

    def draw(first: bool, best: list[tuple[float, Counts]]) -> Counts:
        counts: Counts = {}
        for _ in range(REDRAWS):
            start = None if first else best[rng.integers(len(best))][1]
            counts = project(problem, _changed(problem, start, options.spread, rng))
            if tuple(counts.values()) not in tried:
                break
        return counts

    best: list[tuple[float, Counts]] = []
    for trial in range(options.trials):
        if trial == 0:
            alike = {name: groups.pruned(0.5) for name, groups in problem.tensors.items()}
            counts = project(problem, {name: min(count, problem.most[name]) for name, count in alike.items()})
        else:
            counts = draw(trial < 2 * options.parents, best)
        tried.add(tuple(counts.values()))
        best.append((problem.reward(counts), counts))
        best = sorted(best, key=lambda one: -one[0])[: options.parents]
    return best[0][1]


def _changed(problem: AllocationProblem, start: Counts | None, spread: float, rng: np.random.Generator) -> Counts:
    """A random allocation, or a random change of one."""
    if start is None:
        return {name: round(rng.random() * most) for name, most in problem.most.items()}
    names = [*start]
    moved = {name for name in names if rng.random() < 0.5} or {names[rng.integers(len(names))]}
    return {
        name: min(max(round(count + rng.normal(0, spread) * problem.most[name]), 0), problem.most[name])
        if name in moved
        else count
        for name, count in start.items()
    }
