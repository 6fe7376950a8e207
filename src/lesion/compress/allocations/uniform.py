"""Uniform: every tensor is pruned alike (the per-tensor rule of Zhu & Gupta, arXiv 1710.01878)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lesion.compress.layout import Candidates


class Options(Settings):
    """None."""


def allocate(candidates: Mapping[str, Candidates], sparsity: float, options: Options) -> dict[str, int]:  # noqa: ARG001
    """round(sparsity · groups) of each row of each tensor, where that leaves one."""
    return {name: groups.pruned(sparsity) for name, groups in candidates.items()}
