"""Optimal Brain Surgeon (Hassibi & Stork 1993): the cost of removing weights when the others are adjusted.

The loss changes by ½ δᵀCδ if the weights change by δ. Removing weight q costs at least w_q² / (2 [C⁻¹]_qq).
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from lesion.errors import InputError

AT_ONCE = 64 * 2**20
"""Bytes of matrices to solve at a time, at least one matrix; the computation needs about four times as much memory."""


def _parts(rows: int, size: int) -> Iterator[slice]:
    """Slices of rows whose matrices, float64 (size, size), are solved together."""
    step = max(1, AT_ONCE // (8 * max(1, size) ** 2))
    return (slice(first, first + step) for first in range(0, rows, step))


def _within(curvature: Tensor, kept: Tensor, diagonal: Tensor) -> Tensor:
    """The matrices (rows, d, d) with rows and columns outside `kept` (rows, d) replaced by `diagonal` (rows, d)."""
    inner = curvature * (kept[:, :, None] & kept[:, None, :])
    return inner + torch.diag_embed(diagonal.masked_fill(kept, 0))


def _factor(matrices: Tensor) -> Tensor:
    """Cholesky factors of (rows, d, d); InputError if a matrix is not positive definite."""
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(matrices)
    if failed.any():
        raise InputError("the curvature is not positive definite; more damping may help, if weights are finite")
    return factor


def damp(hessian: Tensor, damping: float) -> None:
    """Add `damping` times its mean to the diagonal of each matrix (n, d, d), in place; 1 stands for a mean of 0."""
    diagonal = hessian.diagonal(dim1=1, dim2=2)
    mean = diagonal.mean(dim=1, keepdim=True)
    diagonal.add_(damping * mean.masked_fill(mean == 0, 1))  # the mean is 0 if all inputs are


def inverse_factor(curvature: Tensor) -> Tensor:
    """Upper triangular U with UᵀU = C⁻¹ for each matrix C (n, d, d): float64 (n, d, d).

    Raises
    ------
    InputError
        If a matrix is not positive definite.
    """
    found = torch.empty(curvature.shape, dtype=torch.float64, device=curvature.device)
    for part in _parts(len(curvature), curvature.shape[1]):
        found[part] = _factor(torch.cholesky_inverse(_factor(curvature[part].double()))).mH
    return found


def inverse_diagonal(curvature: Tensor, kept: Tensor) -> Tensor:
    """Diagonal of the inverse of each matrix (rows, d, d), restricted to the kept weights (rows, d): float (rows, d).

    A weight outside `kept` gets 1 / C_qq. Computed in float64.

    Raises
    ------
    InputError
        If a matrix is not positive definite.
    """
    found = torch.empty_like(curvature[:, 0])
    for part in _parts(len(curvature), curvature.shape[1]):
        matrices = curvature[part].double()
        factor = _factor(_within(matrices, kept[part], matrices.diagonal(dim1=1, dim2=2)))
        found[part] = torch.cholesky_inverse(factor).diagonal(dim1=1, dim2=2)
    return found


def compensated(weights: Tensor, kept: Tensor, curvature: Tensor) -> Tensor:
    """The cheapest weights v (rows, d) that are zero outside `kept`: argmin ½ (v − w)ᵀC(v − w).

    For kept weights K and others S: v_K = w_K + C_KK⁻¹ C_KS w_S and v_S = 0. This is exact for all of S together; for a
    single weight it is Hassibi & Stork's eq. 5. Rows that keep all weights are unchanged. Computed in float64.

    Parameters
    ----------
    weights, kept : float and bool (rows, d)
    curvature : (rows, d, d), or (d, d) for all rows; symmetric and positive definite

    Raises
    ------
    InputError
        If a matrix is not positive definite.
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
    """`compensated` for rows that are solved together; no row keeps more than `most` weights."""
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
