"""Block: squares of outputs × inputs, at each place of a kernel; a tensor that they do not divide stays dense."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.compress.layout import Layout
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Size


class Options(Settings):
    """Side of the square, in channels."""

    side: int = Field(ge=2)


def layout(shape: Size, options: Options) -> Layout | None:
    """One row of groups of side² weights; None where side does not divide both outputs and inputs."""
    outputs, inputs, *kernel = shape
    side, places = options.side, shape[2:].numel()
    if outputs % side or inputs % side:
        return None
    cut = (outputs // side, side, inputs // side, side, *kernel)
    order = (0, 2, *range(4, len(cut)), 1, 3)
    return Layout(shape, cut, order, rows=1, groups=outputs // side * (inputs // side) * places)
