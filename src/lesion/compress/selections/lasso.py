"""LASSO: channels whose coefficient is not zero (channel pruning, He et al., arXiv 1707.06168, section 3.1).

Each channel c gets a coefficient β_c: minimise ‖Y − Σ_c β_c X_c W_cᵀ‖² / 2N + λ ‖β‖₁ with the trained weights W, and
raise λ until the asked number of coefficients is left. As in the authors' code W is not normalised, and is not fitted
between steps of λ. Each output has a constant, as in the fit that follows. λ is exact, since the path of all solutions
is followed (LARS), where the authors search until the number is right within a tenth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.reconstruction.problem import Problem


class Options(Settings):
    """No settings."""


def select(problem: Problem, count: int, options: Options) -> Tensor:  # noqa: ARG001
    """The `count` channels with a coefficient at the least λ that leaves so few: bool (c,).

    If less than `count` ever have one, as where channels repeat others, those that contribute most are added.
    """
    from itertools import pairwise

    import torch

    gram, cross = problem.contributions(centred=problem.free_bias)
    _, coefficients = path(gram, cross)
    kept = torch.zeros(len(gram), dtype=torch.bool)
    for before, after in pairwise(coefficients):
        active = before + after != 0  # at a corner one coefficient is zero that is not before or after
        if kept.sum() <= active.sum() <= count:
            kept = active
    missing = count - int(kept.sum())
    kept[gram.diagonal().masked_fill(kept, -1.0).argsort(descending=True, stable=True)[:missing]] = True
    return kept


def path(gram: Tensor, cross: Tensor) -> tuple[Tensor, Tensor]:
    """The solutions of min ½ βᵀ G β − βᵀ g + λ ‖β‖₁ for all λ: they are linear in λ between corners.

    gram, cross : G (c, c) and g (c,), float64. A channel that repeats others, up to rounding, gets no coefficient.

    Returns
    -------
    λ (corners,), from the greatest to 0, and β (corners, c)
    """
    import warnings

    import torch
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import lars_path_gram

    scale = float(gram.diagonal().max()) or 1.0
    alive = gram.diagonal() > 1e-12 * scale
    coefficients = torch.zeros(1, len(gram), dtype=gram.dtype)
    if not alive.any():
        return coefficients[:, 0], coefficients
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told for each channel that repeats others
        penalties, _, found = lars_path_gram(
            (cross[alive] / scale).numpy(), (gram[alive][:, alive] / scale).numpy(), n_samples=1, method="lasso",
            max_iter=16 * len(gram),
        )  # fmt: skip
    coefficients = coefficients.repeat(len(penalties), 1)
    coefficients[:, alive] = torch.from_numpy(found.T)
    return torch.from_numpy(penalties) * scale, coefficients
