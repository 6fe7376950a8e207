"""Erdős–Rényi kernel: larger tensors are pruned more (Evci et al., arXiv 1911.11134, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.search.options import Budgeted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Size

    from lesion.compress.grouping import Groups


class Options(Budgeted):
    """The budget alone."""


def densities(shapes: Mapping[str, Size], density: float) -> dict[str, float]:
    """The density of each tensor: min(1, ε · sum of its dimensions / their product).

    ε is the number for which `density` of all weights are left.
    """
    raw = {name: sum(shape) / shape.numel() for name, shape in shapes.items()}
    dense: set[str] = set()
    while True:
        rest = density * sum(shape.numel() for shape in shapes.values()) - sum(shapes[name].numel() for name in dense)
        epsilon = rest / (sum(raw[name] * shapes[name].numel() for name in shapes if name not in dense) or 1)
        over = {name for name in shapes if name not in dense and epsilon * raw[name] > 1}
        if not over:
            return {name: 1.0 if name in dense else epsilon * raw[name] for name in shapes}
        dense |= over


def allocate(tensors: Mapping[str, Groups], sparsity: float, options: Options) -> dict[str, int]:  # noqa: ARG001
    """Groups to prune in each row by the tensor's density, rounded; a row of several groups keeps at least one."""
    left = densities({name: groups.shape for name, groups in tensors.items()}, 1 - sparsity)
    return {name: groups.pruned(1 - left[name]) for name, groups in tensors.items()}
