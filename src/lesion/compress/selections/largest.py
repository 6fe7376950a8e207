"""Largest: channels whose filter has the greatest sum of absolute weights (Li et al., arXiv 1608.08710).

The baseline "max response" of He et al. (arXiv 1707.06168, section 4.1) and "weight sum" of Luo et al. (arXiv
1707.06342, section 4.1).
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
    """The `count` channels with the greatest sum: bool (c,)."""
    import torch

    kept = torch.zeros(len(problem.filters), dtype=torch.bool)
    kept[problem.filters.argsort(descending=True, stable=True)[:count]] = True
    return kept
