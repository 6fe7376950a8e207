"""N:M: of every M weights along the inputs N are kept (Mishra et al., arXiv 2104.08378: 2:4).

A tensor whose inputs are no multiple of M stays dense, as hardware asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.compress.layout import Layout
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Size


class Options(Settings):
    """M; N is what the variant's sparsity leaves of it."""

    of: int = Field(ge=2)


def layout(shape: Size, options: Options) -> Layout | None:
    """Each M inputs are a row, of M groups of one weight; None where M does not divide the inputs."""
    outputs, inputs, *kernel = shape
    if inputs % options.of:
        return None
    cut = (outputs, inputs // options.of, options.of, *kernel)
    order = (0, 1, *range(3, len(cut)), 2)
    return Layout(shape, cut, order, rows=shape.numel() // options.of, groups=options.of)
