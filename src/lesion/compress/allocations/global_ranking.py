"""Global: the least salient groups of the whole network go, wherever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lesion.compress.layout import Candidates


class Options(Settings):
    """None."""


def allocate(candidates: Mapping[str, Candidates], sparsity: float, options: Options) -> dict[str, int]:  # noqa: ARG001
    """Of all groups, ranked by saliency, as many from the bottom as hold no more than `sparsity` of the weights.

    Single weights come out at exactly round(sparsity · n). The best group of a tensor that has several is never pruned:
    a network cut in two learns nothing. Ties go in the order of the tensors, then of the groups.

    Raises
    ------
    InputError
        Where a shape prunes row by row, like N:M: there is no choice between tensors.
    """
    import torch

    values, sizes, owners = [], [], []
    for index, (name, groups) in enumerate(candidates.items()):
        if len(groups.saliency) > 1:
            raise InputError(f"allocation global-ranking: {name} is pruned in rows, each alike; use uniform")
        (row,) = groups.saliency
        if len(row) > 1:
            row = row.sort().values[:-1]
        values.append(row.double())
        sizes.append(torch.full(row.shape, groups.members, dtype=torch.int64, device=row.device))
        owners.append(torch.full(row.shape, index, dtype=torch.int64, device=row.device))
    order = torch.sort(torch.cat(values), stable=True).indices
    total = sum(groups.shape.numel() for groups in candidates.values())
    fits = torch.cat(sizes)[order].cumsum(0) <= round(sparsity * total)
    counts = torch.bincount(torch.cat(owners)[order[fits]], minlength=len(candidates))
    return dict(zip(candidates, counts.tolist(), strict=True))
