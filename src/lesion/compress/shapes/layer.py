"""Layer: all weights of a layer at once; for networks whose shortcuts go on without it, and a global allocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.layout import Layout
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Size

WHOLE_UNITS = True
SPARES = ("first", "last")


class Options(Settings):
    """None."""


def layout(shape: Size, options: Options) -> Layout:  # noqa: ARG001
    """One row of one group."""
    return Layout.plain(shape, groups=1)
