"""A small convolutional network for small images: strided 3 × 3 convolutions, then one linear layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn


class Options(Network):
    """Output channels of each convolution. Each convolution halves the side of the image."""

    widths: list[int] = Field(min_length=1)


def build(options: Options, *, channels: int, side: int, classes: int) -> nn.Module:
    """A network from (n, channels, side, side) to logits (n, classes)."""
    from torch import nn

    def blocks() -> Iterator[nn.Module]:
        inputs = channels
        for width in options.widths:
            yield nn.Conv2d(inputs, width, kernel_size=3, stride=2, padding=1, bias=False)
            yield nn.BatchNorm2d(width)
            yield nn.ReLU(inplace=True)
            inputs = width

    for _ in options.widths:
        side = -(-side // 2)
    return nn.Sequential(*blocks(), nn.Flatten(), nn.Linear(options.widths[-1] * side * side, classes))
