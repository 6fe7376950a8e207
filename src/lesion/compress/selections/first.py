"""First: the first channels, whatever they hold, a baseline of He et al. (arXiv 1707.06168, section 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.reconstruction.problem import Problem


class Options(Settings):
    """No settings."""


def select(problem: Problem, count: int, options: Options) -> Tensor:  # noqa: ARG001
    """The first `count` channels: bool (c,)."""
    import torch

    return torch.arange(len(problem.channels)) < count
