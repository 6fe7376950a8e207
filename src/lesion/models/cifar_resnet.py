"""The residual networks for CIFAR of He et al. (arXiv 1512.03385, section 4.2): ResNet-20, 32, 44, 56 and 110.

A convolution; three stages of n blocks with `width`, 2 · width and 4 · width channels; the mean over pixels; a linear
layer. The second and third stage halve the image. There are 6n + 2 layers with weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from lesion.params.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn


class Options(Network):
    """Depth 6n + 2 with n ≥ 1; channels of the first stage; stride of the first convolution (1 in the paper).

    With stride 2 a network costs a quarter of the arithmetic. `shortcut` is what a stage with more channels starts with
    (`residual.Shortcut`): `zeros` as in the paper; many weights on the net are of `zeros-around` or `convolution`.
    `whiten` is the number of training images whose patches the first convolution whitens before training, null for
    random weights as in the paper; it trains as the others do.
    """

    depth: int
    width: int = Field(default=16, ge=1)
    stride: int = Field(default=1, ge=1)
    shortcut: Literal["zeros", "zeros-around", "convolution"] = "zeros"
    whiten: int | None = Field(default=None, ge=1)

    @field_validator("depth")
    @classmethod
    def _three_stages(cls, depth: int) -> int:
        if depth < 8 or depth % 6 != 2:
            raise ValueError("the depth of such a network is 6n + 2: 8, 14, 20, 26, 32, ...")
        return depth


def build(options: Options, *, channels: int, side: int, classes: int) -> nn.Module:  # noqa: ARG001 - of any side
    """A network from (n, channels, side, side) to logits (n, classes).

    Initial weights as in the paper: normal, with variance 2 / inputs of a neuron (He et al., arXiv 1502.01852, eq. 10).
    """
    from collections import OrderedDict

    from torch import nn

    from lesion.models.residual import Basic, convolution

    def stage(inputs: int, outputs: int, *, stride: int) -> nn.Sequential:
        more = (Basic(outputs, outputs, stride=1) for _ in range((options.depth - 2) // 6 - 1))
        return nn.Sequential(Basic(inputs, outputs, stride=stride, shortcut=options.shortcut), *more)

    width = options.width
    network = nn.Sequential(
        OrderedDict(
            conv=convolution(channels, width, stride=options.stride),
            norm=nn.BatchNorm2d(width),
            relu=nn.ReLU(inplace=True),
            stage1=stage(width, width, stride=1),
            stage2=stage(width, 2 * width, stride=2),
            stage3=stage(2 * width, 4 * width, stride=2),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            linear=nn.Linear(4 * width, classes),
        )
    )
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def prepare(network: nn.Module, options: Options, images: Callable[[int], Tensor]) -> None:
    """Whiten the first convolution, if the options say so."""
    from torch import nn

    from lesion.models.whitening import whiten

    if options.whiten is not None:
        convolution = network.get_submodule("conv")
        assert isinstance(convolution, nn.Conv2d)
        whiten(convolution, images(options.whiten))
