"""Vector: a row of a kernel (Mao et al., arXiv 1705.08922, figure 2); of a linear layer a single weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.layout import Layout
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Size


class Options(Settings):
    """None."""


def layout(shape: Size, options: Options) -> Layout:  # noqa: ARG001
    """One row of groups that are the last dimension of a convolution's weight."""
    return Layout.plain(shape, groups=shape.numel() // (shape[-1] if len(shape) > 2 else 1))
