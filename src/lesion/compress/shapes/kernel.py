"""Kernel: the weights between one input and one output channel; in a linear layer a single weight."""

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
    """One row of outputs · inputs groups."""
    return Grouping.consecutive(shape, groups=shape[0] * shape[1])
