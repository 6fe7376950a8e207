"""How many groups of each tensor are pruned: by an allocation alone, by one within a budget, or by a search."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lesion.compress.contracts import Allocation, SearchingAllocation
from lesion.compress.search.levels import lowest_level
from lesion.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.grouping import Groups
    from lesion.compress.probe import Probe
    from lesion.compress.search.options import Budget
    from lesion.compress.search.problem import Counts

    MasksOf = Callable[[Mapping[str, int]], dict[str, Tensor]]
    """Numbers of groups to prune, of some tensors -> the masks of their weights, bool by weight name."""

log = logging.getLogger(__name__)


def find_counts(
    allocation: Allocation | SearchingAllocation,
    options: Any,
    tensors: Mapping[str, Groups],
    sparsity: float,
    *,
    probe: Probe,
    masks_of: MasksOf,
    whole_units: bool,
) -> Counts:
    """Number of groups to prune in each row of each tensor.

    Within a budget the network costs at most the share 1 − `sparsity` of what it does without masks; where it does so
    as it is, nothing is pruned. `whole_units`: True if the mask shape prunes whole units.

    Raises
    ------
    InputError
        If the budget cannot be met.
    """
    budget: Budget | None = getattr(options, "budget", None)
    if budget is None:
        assert not isinstance(allocation, SearchingAllocation)  # their budget is never null
        return allocation.allocate(tensors, sparsity, options)
    from lesion.compress.parametrisations import without_masks
    from lesion.compress.search.costs import Costs
    from lesion.compress.search.trials import layers_of, pose

    plain, image = without_masks(probe.model).eval(), next(iter(probe.batches(1)))[0][:1]
    costs = Costs(plain, image, budget, whole_units=whole_units)
    cost, dense = costs.of_counts(masks_of, tensors), sum(costs.dense.values())
    limit, none = (1 - sparsity) * dense, dict.fromkeys(tensors, 0)
    if cost(none) <= limit:
        return none
    if isinstance(allocation, SearchingAllocation):
        problem = pose(
            tensors, options, layers_of(tensors, masks_of, costs, plain, image), cost=cost, limit=limit, probe=probe,
            masks_of=masks_of,
        )  # fmt: skip
        found: Counts | None = allocation.search(problem, options)
        log.info("%d trials", problem.trials)
    else:
        plainly = allocation
        found = lowest_level(
            lambda level: plainly.allocate(tensors, level, options),
            lambda counts: cost(counts) <= limit,
        )
    if found is None:
        raise InputError(
            f"allocation: no level leaves {1 - sparsity:.1%} of the {budget}; layers that the shape spares stay, and so"
            " does the last group of each tensor"
        )
    log.info("%.1f %% of the %s are left", 100 * cost(found) / dense, budget)
    return found
