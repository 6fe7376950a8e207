"""N:M: N of every M weights along the inputs are kept (2:4 in Mishra et al., arXiv 2104.08378).

A tensor stays dense if its number of inputs is not a multiple of M, as hardware requires.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.compress.grouping import Grouping
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Size


SPARES: tuple[str, ...] = ()
WHOLE_UNITS = False
TIED = False


class Options(Settings):
    """M. The variant's sparsity gives N: (1 − sparsity) · M."""

    of: int = Field(ge=2)


def grouping(shape: Size, options: Options) -> Grouping | None:
    """A row for every M inputs, with M groups of one weight; None if M does not divide the inputs."""
    outputs, inputs, *kernel = shape
    if inputs % options.of:
        return None
    cut = (outputs, inputs // options.of, options.of, *kernel)
    order = (0, 1, *range(3, len(cut)), 2)
    return Grouping(shape, cut, order, rows=shape.numel() // options.of, groups=options.of)
