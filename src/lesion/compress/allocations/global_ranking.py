"""Global ranking: the least salient groups of the whole network are pruned, in whichever tensor they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lesion.compress.grouping import Groups


class Options(Settings):
    """No settings."""


def allocate(tensors: Mapping[str, Groups], sparsity: float, options: Options) -> dict[str, int]:  # noqa: ARG001
    """Prune from the bottom of the ranking, up to round(sparsity · n) of all n weights.

    Single weights reach exactly that number; larger groups may stay below it. The best group of a tensor with several
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
        sizes.append(torch.full(row.shape, groups.size, dtype=torch.int64, device=row.device))
        owners.append(torch.full(row.shape, index, dtype=torch.int64, device=row.device))
    order = torch.sort(torch.cat(values), stable=True).indices
    total = sum(groups.shape.numel() for groups in tensors.values())
    fits = torch.cat(sizes)[order].cumsum(0) <= round(sparsity * total)
    counts = torch.bincount(torch.cat(owners)[order[fits]], minlength=len(tensors))
    return dict(zip(tensors, counts.tolist(), strict=True))
