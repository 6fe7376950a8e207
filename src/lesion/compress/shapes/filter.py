"""Filter: all weights of one output channel, its bias and its batch-norm entries.

The output of a pruned filter is zero everywhere, so the channel can be removed without changing the function.
Attention's packed projections and transposed convolutions stay dense, since their rows are not output channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.grouping import Grouping
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Size

WHOLE_UNITS = True
TIED = False
SPARES = ("last",)  # the outputs of the last layer are the classes


class Options(Settings):
    """No settings."""


def grouping(shape: Size, options: Options) -> Grouping:  # noqa: ARG001
    """One row, a group for each output channel."""
    return Grouping.consecutive(shape, groups=shape[0])
