"""Uniform: every tensor gets the same sparsity (the per-tensor rule of Zhu & Gupta, arXiv 1710.01878)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.search.options import Budgeted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lesion.compress.grouping import Groups


class Options(Budgeted):
    """The budget alone."""


def allocate(tensors: Mapping[str, Groups], sparsity: float, options: Options) -> dict[str, int]:  # noqa: ARG001
    """round(sparsity · groups) groups in each row; a row of several groups keeps at least one."""
    return {name: groups.pruned(sparsity) for name, groups in tensors.items()}
