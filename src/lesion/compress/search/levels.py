"""Meeting a budget: the lowest level of an allocation, or the smallest number of groups, that is cheap enough."""

from __future__ import annotations

from collections.abc import Callable

from lesion.compress.search.problem import AllocationProblem, Counts

HALVINGS = 40


def lowest_level(at: Callable[[float], Counts], fits: Callable[[Counts], bool], *, top: float = 1.0) -> Counts | None:
    """The allocation at the lowest level in [0, `top`] that fits the budget; None if none does.

    at : level -> numbers of groups, none of which falls as the level rises
    """
    low, high = 0.0, top
    best = at(high)
    if not fits(best):
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        found = at(middle)
        if found == best or fits(found):
            high, best = middle, found
        else:
            low = middle
    return best


def smallest_count(problem: AllocationProblem, others: Counts, name: str, limit: float | None = None) -> int:
    """The fewest groups of one tensor that must go for a cost of `limit`, while those of the others go.

    `limit`: the problem's where there is none. If even the most does not suffice, that.
    """
    bound = problem.limit if limit is None else limit
    low, high = 0, problem.most[name]
    while low < high:
        middle = (low + high) // 2
        if problem.cost(others | {name: middle}) <= bound:
            high = middle
        else:
            low = middle + 1
    return high


def project(problem: AllocationProblem, counts: Counts) -> Counts:
    """The allocation nearest to `counts` on a line that spends the budget, and never more.

    The line leads from no pruning through `counts` to the most that may be pruned. Then each tensor in turn gets back
    what the budget allows, so that no group could stay that goes.
    """

    def at(level: float) -> Counts:
        below, above = min(level, 1.0), max(level - 1.0, 0.0)
        return {
            name: round(below * count + above * (problem.most[name] - count)) for name, count in counts.items()
        }  # fmt: skip

    found = lowest_level(at, problem.fits, top=2.0)
    assert found is not None  # a problem has a solution: its most
    for name in counts:
        found[name] = min(found[name], smallest_count(problem, found, name))
    return found
