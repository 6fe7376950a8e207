"""Wide residual networks, WRN-depth-width (Zagoruyko & Komodakis, arXiv 1605.07146, table 1).

A convolution to 16 channels; three stages of n pre-activation blocks with 16, 32 and 64 times `width` channels; batch
norm; the mean over pixels; a linear layer. The second and third stage halve the image. The depth is 6n + 4, counting
the 1 × 1 convolutions of shortcuts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from lesion.params.network import Network

if TYPE_CHECKING:
    from torch import nn


class Options(Network):
    """Depth 6n + 4 with n ≥ 1; widening factor; dropout between the two convolutions of a block."""

    depth: int = 16
    width: int = Field(default=4, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)

    @field_validator("depth")
    @classmethod
    def _three_stages(cls, depth: int) -> int:
        if depth < 10 or depth % 6 != 4:
            raise ValueError("the depth of such a network is 6n + 4: 10, 16, 22, 28, 34, 40, ...")
        return depth


def build(options: Options, *, channels: int, side: int, classes: int) -> nn.Module:  # noqa: ARG001 - of any side
    """A network from (n, channels, side, side) to logits (n, classes).

    Initial weights as in the authors' code: convolutions normal with variance 2 / fan-out, biases zero.
    """
    from collections import OrderedDict

    from torch import nn

    from lesion.models.residual import PreActivation, convolution

    def stage(inputs: int, outputs: int, *, stride: int) -> nn.Sequential:
        shapes = [(inputs, stride), *[(outputs, 1)] * ((options.depth - 4) // 6 - 1)]
        return nn.Sequential(
            *(PreActivation(each, outputs, stride=step, dropout=options.dropout) for each, step in shapes)
        )

    width = 16 * options.width
    linear = nn.Linear(4 * width, classes)
    nn.init.zeros_(linear.bias)
    network = nn.Sequential(
        OrderedDict(
            conv=convolution(channels, 16),
            stage1=stage(16, width, stride=1),
            stage2=stage(width, 2 * width, stride=2),
            stage3=stage(2 * width, 4 * width, stride=2),
            norm=nn.BatchNorm2d(4 * width),
            relu=nn.ReLU(inplace=True),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            linear=linear,
        )
    )
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network
