"""Uniform: every tensor is pruned alike (the per-tensor rule of Zhu & Gupta, arXiv 1710.01878)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Size


def allocate(shapes: Mapping[str, Size], sparsity: float) -> dict[str, float]:
    """The sparsity of each named tensor, such that `sparsity` of all weights are zero."""
    return dict.fromkeys(shapes, sparsity)
