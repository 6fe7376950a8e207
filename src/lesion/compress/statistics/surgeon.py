"""Optimal Brain Surgeon (Hassibi & Stork 1993): what removing weights costs when the others make good for it.

The loss near the weights is ½ δᵀCδ in their change δ. Removing weight q alone costs at best w_q² / (2 [C⁻¹]_qq).
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from lesion.errors import InputError

AT_ONCE = 64 * 2**20
"""Bytes of matrices that are solved at a time, one matrix at least; work needs some four times as many."""


def _parts(rows: int, size: int) -> Iterator[slice]:
    """Rows that have their matrices, float64 (size, size), solved together."""
    step = max(1, AT_ONCE // (8 * max(1, size) ** 2))
    return (slice(first, first + step) for first in range(0, rows, step))


def _within(curvature: Tensor, kept: Tensor, diagonal: Tensor) -> Tensor:
    """The matrices (rows, d, d); in rows and columns that are not kept (rows, d), only `diagonal` (rows, d)."""
    inner = curvature * (kept[:, :, None] & kept[:, None, :])
    return inner + torch.diag_embed(diagonal.masked_fill(kept, 0))


def _factor(matrices: Tensor) -> Tensor:
    """Cholesky factors of (rows, d, d)."""
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(matrices)
    if failed.any():
        raise InputError("score: the curvature is not positive definite; more damping may help, if weights are finite")
    return factor


def inverse_diagonal(curvature: Tensor, kept: Tensor) -> Tensor:
    """Diagonal of the inverse of each matrix (rows, d, d), float (rows, d), where kept weights (rows, d) alone change.

    A weight that is not kept counts as if there were no others: 1 / C_qq. Computed in float64.

    Raises
    ------
    InputError
        Where a matrix is not positive definite.
    """
    found = torch.empty_like(curvature[:, 0])
    for part in _parts(len(curvature), curvature.shape[1]):
        matrices = curvature[part].double()
        factor = _factor(_within(matrices, kept[part], matrices.diagonal(dim1=1, dim2=2)))
        found[part] = torch.cholesky_inverse(factor).diagonal(dim1=1, dim2=2)
    return found


def compensated(weights: Tensor, kept: Tensor, curvature: Tensor) -> Tensor:
    """The weights (rows, d) that cost least with all zero that are not kept (rows, d): argmin ½ (v − w)ᵀC(v − w).

    With K the kept and S the others it is v_K = w_K + C_KK⁻¹ C_KS w_S, v_S = 0: exact for all of S together, and for
    one weight Hassibi & Stork's eq. 5. Rows that keep all come back as they were. Computed in float64.

    Parameters
    ----------
    weights, kept : float and bool (rows, d)
    curvature : (rows, d, d), or (d, d) for all rows; symmetric and positive definite

    Raises
    ------
    InputError
        Where a matrix is not positive definite.
    """
    most = int(kept.sum(dim=1).max())
    shared = curvature.dim() == 2
    curvature = curvature.double() if shared else curvature
    found = torch.zeros_like(weights)
    for part in _parts(len(weights), most if shared else weights.shape[1]):
        matrices = curvature if shared else curvature[part].double()
        found[part] = _compensated(weights[part].double(), kept[part], matrices, most)
    return found


def _compensated(weights: Tensor, kept: Tensor, curvature: Tensor, most: int) -> Tensor:
    """The same for as many rows as can be solved together, none of which keeps more than `most` weights."""
    rows, size = weights.shape
    push = (weights.masked_fill(kept, 0)[:, None, :] @ curvature)[:, 0]
    row = torch.arange(rows, device=weights.device)[:, None]
    order = kept.int().sort(dim=1, descending=True, stable=True).indices[:, :most]  # the kept come first
    stays = kept[row, order]
    inner = curvature.expand(rows, size, size)[row[:, :, None], order[:, :, None], order[:, None, :]]
    factor = _factor(_within(inner, stays, torch.ones_like(stays, dtype=inner.dtype)))
    change = torch.cholesky_solve((push[row, order] * stays)[:, :, None], factor)[:, :, 0]
    found = torch.zeros_like(weights)
    found[row, order] = (weights[row, order] + change).masked_fill(~stays, 0)
    return found
