"""Block: squares of outputs × inputs, at each position of the kernel. A tensor that they do not divide stays dense."""

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
    """Side of the square, in channels."""

    side: int = Field(ge=2)


def grouping(shape: Size, options: Options) -> Grouping | None:
    """One row of groups of side² weights; None if `side` does not divide both outputs and inputs."""
    outputs, inputs, *kernel = shape
    side, places = options.side, shape[2:].numel()
    if outputs % side or inputs % side:
        return None
    cut = (outputs // side, side, inputs // side, side, *kernel)
    order = (0, 2, *range(4, len(cut)), 1, 3)
    return Grouping(shape, cut, order, rows=1, groups=outputs // side * (inputs // side) * places)
