"""Greedy: step by step, the tensor is pruned further whose loss of reward is the least for the cost that it saves.

The steps of NetAdapt (Yang et al., arXiv 1804.03230, algorithm 1): each saves the same cost, whichever tensor pays it,
and every tensor is tried at each step. There are as many steps as the trials allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.search.options import Searching

if TYPE_CHECKING:
    from lesion.compress.search.problem import AllocationProblem, Counts


class Options(Searching):
    """Those of all searches."""


def search(problem: AllocationProblem, options: Options) -> Counts:
    """The numbers of groups at the end of the path. Trials that are too few for a step are left to `project`."""
    from lesion.compress.search.levels import project, smallest_count

    counts = dict.fromkeys(problem.tensors, 0)
    free = [name for name in counts if problem.most[name]]
    steps = max(1, (options.trials - 1) // max(1, len(free)))
    saving = (problem.dense - problem.limit) / steps
    reward = problem.reward(counts)
    while not problem.fits(counts):
        now = problem.cost(counts)
        wanted = {name: smallest_count(problem, counts, name, max(problem.limit, now - saving)) for name in free}
        tried = [counts | {name: count} for name, count in wanted.items() if count > counts[name]]
        tried = [one for one in tried if problem.cost(one) < now]
        if not tried or problem.trials + len(tried) > options.trials:
            break
        found = [(problem.reward(one), one) for one in tried]
        now_reward = reward
        reward, counts = min(found, key=lambda one: (now_reward - one[0]) / (now - problem.cost(one[1])))
    return project(problem, counts)
