"""Networks that choose what they compute, restored from members that were made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lesion import plugins
from lesion.models import cifar_resnet, mlp, small_cnn, wide_resnet
from tests.training import method_of

if TYPE_CHECKING:
    from lesion.compress.contracts import Restorer

IMAGES = torch.randn(9, 1, 8, 8, generator=torch.Generator().manual_seed(1))
IMAGES *= torch.linspace(0.1, 5, 9)[:, None, None, None]
SHAPE = (1, 8, 8)
FBS = {"method": "fbs", "density": 0.5}
RNP = {"method": "rnp", "groups": 3, "penalty": 0.1}
SWITCH = {"method": "switch", "experts": 3}


def cnn() -> nn.Module:
    """Two convolutions with batch norm and a linear layer."""
    return small_cnn.build(small_cnn.Options(widths=[5, 6]), channels=1, side=8, classes=4)


def resnet() -> nn.Module:
    """A residual network with one block a stage."""
    return cifar_resnet.build(cifar_resnet.Options(depth=8, width=4), channels=1, side=8, classes=4)


def wide() -> nn.Module:
    """A pre-activation network with one block a stage."""
    return wide_resnet.build(wide_resnet.Options(depth=10, width=1), channels=1, side=8, classes=4)


def perceptron() -> nn.Module:
    """A network for features."""
    return mlp.build(mlp.Options(widths=[6, 5]), features=7, classes=4)


def lively(network: nn.Module, seed: int = 2) -> nn.Module:
    """The network with random statistics and parameters, so that no two channels are alike."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            drawn = torch.randn(value.shape, generator=generator)
            value.copy_(0.5 + drawn.abs() if "running_var" in name else 0.4 * drawn)
    return network


def restorer(build: Callable[[], nn.Module], variant: dict[str, Any], example: Tensor = IMAGES[:1]) -> Restorer:
    """What turns stored tensors into a network of a variant."""
    options = plugins.options("method", variant, where="variant", key="method")
    made: Restorer = plugins.load("method", variant["method"]).restorer(build(), options, example)
    return made


def restored(build: Callable[[], nn.Module], variant: dict[str, Any]) -> nn.Module:
    """A network of a variant, with random weights, as it is evaluated."""
    trained = build()
    method_of(trained, variant).finish()
    return restorer(build, variant)(lively(trained).state_dict())
