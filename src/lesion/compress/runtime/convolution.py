"""A convolution that stands in for another."""

from typing import Any

from torch import nn


class SameConvolution(nn.Conv2d):
    """A convolution with the settings of another, without groups, and with its weight and bias, which both share."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        given: Any = convolution
        super().__init__(
            given.in_channels, given.out_channels, given.kernel_size, given.stride, given.padding, given.dilation,
            bias=given.bias is not None, padding_mode=given.padding_mode, device="meta",
        )  # fmt: skip
        self.weight, self.bias = given.weight, given.bias
