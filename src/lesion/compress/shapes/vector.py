"""Vector: a row of a kernel (Mao et al., arXiv 1705.08922, figure 2); in a linear layer a single weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.grouping import Grouping
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Size


SPARES: tuple[str, ...] = ()
WHOLE_UNITS = False
TIED = False


class Options(Settings):
    """No settings."""


def grouping(shape: Size, options: Options) -> Grouping:  # noqa: ARG001
    """One row; a group is the last dimension of a convolution's weight."""
    return Grouping.consecutive(shape, groups=shape.numel() // (shape[-1] if len(shape) > 2 else 1))
