"""Global ranking: the least salient groups of the whole network are pruned, in whichever tensor they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lesion.compress.search.options import Budgeted
from lesion.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lesion.compress.grouping import Groups


class Options(Budgeted):
    """`count`: what the sparsity is a share of, weights or groups (channels, in network slimming)."""

    count: Literal["weights", "groups"] = "weights"


def allocate(tensors: Mapping[str, Groups], sparsity: float, options: Options) -> dict[str, int]:
    """Prune from the bottom of the ranking, up to round(sparsity · n) of all n weights or groups.

    Single weights and numbers of groups are reached exactly; larger groups may stay below a number of weights. A share
    of groups is another share of weights where groups differ in size. The best group of a tensor with several
    groups is never pruned, since a network without a path learns nothing. Ties are pruned in the order of the tensors,
    then of the groups.

    Raises
    ------
    InputError
        If a shape prunes row by row, like N:M: all rows then lose the same number, and a ranking decides nothing.
    """
    import torch

    values, sizes, owners = [], [], []
    for index, (name, groups) in enumerate(tensors.items()):
        if len(groups.saliency) > 1:
            raise InputError(f"allocation global-ranking: {name} is pruned in rows of equal sparsity; use uniform")
        (row,) = groups.saliency
        if len(row) > 1:
            row = row.sort().values[:-1]
        values.append(row.double())
        counted = groups.size if options.count == "weights" else 1
        sizes.append(torch.full(row.shape, counted, dtype=torch.int64, device=row.device))
        owners.append(torch.full(row.shape, index, dtype=torch.int64, device=row.device))
    order = torch.sort(torch.cat(values), stable=True).indices
    total = sum(
        groups.shape.numel() if options.count == "weights" else groups.saliency.numel() for groups in tensors.values()
    )
    fits = torch.cat(sizes)[order].cumsum(0) <= round(sparsity * total)
    counts = torch.bincount(torch.cat(owners)[order[fits]], minlength=len(tensors))
    return dict(zip(tensors, counts.tolist(), strict=True))
