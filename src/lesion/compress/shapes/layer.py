"""Layer: all weights of a layer. For networks with shortcuts around layers, and the allocation `global-ranking`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.grouping import Grouping
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Size

WHOLE_UNITS = True
TIED = False
SPARES = ("first", "last")


class Options(Settings):
    """No settings."""


def grouping(shape: Size, options: Options) -> Grouping:  # noqa: ARG001
    """One row with one group."""
    return Grouping.consecutive(shape, groups=1)
