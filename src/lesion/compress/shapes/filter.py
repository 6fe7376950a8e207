"""Filter: all weights of one output channel, with its bias and the batch-norm entries that read it alone.

What a pruned filter gave is then zero everywhere, so that leaving it out for good does not change the function.
Attention's packed projections and transposed convolutions, whose rows are no output channels, stay dense.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.layout import Layout
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Size

WHOLE_UNITS = True
SPARES = ("last",)  # its outputs are the classes


class Options(Settings):
    """None."""


def layout(shape: Size, options: Options) -> Layout:  # noqa: ARG001
    """One row of groups, one an output channel."""
    return Layout.plain(shape, groups=shape[0])
