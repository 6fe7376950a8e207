"""Infinite feature selection: how much each feature adds to all sets of features (Roffo et al., ICCV 2015)."""

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import rankdata
from torch import Tensor

MIXING = 0.5
"""Share of independence in a pair's weight; the rest is for spread. The paper cross-validates it."""
RADIUS = 0.9
"""Spectral radius of the graph, so that the sum over all paths converges."""


def inf_fs(features: Tensor) -> Tensor:
    """Σ_j [(I − rA)⁻¹ − I]_ij of each feature i: float64 (f,), positive. features: (images, f).

    The pair (i, j) has the weight A_ij = α (1 − |ρ_ij|) + (1 − α) max(σ_i, σ_j), with Spearman's ρ and with standard
    deviations that are scaled so that max(σ_i, σ_j) runs from 0 to 1. A feature that does not vary is in no set and
    gets 0; in the published code it counts as independent of all others.
    """
    values = features.detach().double().cpu().numpy()
    varies = np.ptp(values, axis=0) > 0
    scores = np.zeros(values.shape[1])
    if varies.any():
        scores[varies] = _energy(values[:, varies])
    return torch.from_numpy(scores)


def _energy(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    correlation = np.atleast_2d(np.corrcoef(rankdata(values, axis=0), rowvar=False))
    deviation = values.std(axis=0, ddof=1)
    spread = np.maximum.outer(deviation, deviation) - deviation.min()
    spread /= spread.max() or 1.0
    graph = MIXING * (1 - np.abs(correlation)) + (1 - MIXING) * spread
    radius = np.abs(np.linalg.eigvalsh(graph)).max() or 1.0
    one = np.ones(len(graph))
    found: npt.NDArray[np.float64] = np.linalg.solve(np.eye(len(graph)) - RADIUS / radius * graph, one) - one
    return found
