"""Weight: each weight on its own (unstructured sparsity)."""

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
    """One row of n groups of one weight."""
    return Grouping.consecutive(shape, groups=shape.numel())
