"""Kernel: the weights between one input and one output channel; of a linear layer a single weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.layout import Layout
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Size


class Options(Settings):
    """None."""


def layout(shape: Size, options: Options) -> Layout:  # noqa: ARG001
    """One row of outputs · inputs groups."""
    return Layout.plain(shape, groups=shape[0] * shape[1])
