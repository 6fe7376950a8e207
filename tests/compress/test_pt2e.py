"""Restored networks against pt2e's own graph of them, architecture by architecture."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet

from lesion.compress.methods import int8_dynamic
from lesion.errors import InputError
from lesion.models import cifar_resnet, wide_resnet
from tests.compress.quantised import (
    INT8,
    PostActivation,
    PreActivation,
    converted,
    digits_net,
    images,
    inference,
    member,
    options,
    shown,
)  # fmt: skip
from tests.rounding import assert_same_logits_but_for_ties


class NormAndRectifier(nn.BatchNorm2d):
    """As timm has them."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input).relu_()


class Cast(nn.Linear):
    """As timm has it: a subclass that computes what its parent does."""

    def forward(self, input: Tensor) -> Tensor:
        return nn.functional.linear(input, self.weight, self.bias)


def subclasses() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, stride=2), NormAndRectifier(8), nn.MaxPool2d(2), NormAndRectifier(8)),
        *(nn.Conv2d(8, 8, 1, bias=False), NormAndRectifier(8), nn.Flatten(), Cast(8, 10)),
    )


class InColour(nn.Module):
    """The class of torchvision's ResNets with one block a stage, on grey images."""

    def __init__(self) -> None:
        super().__init__()
        self.network = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10)

    def forward(self, x: Tensor) -> Any:
        return self.network(x.repeat(1, 3, 1, 1))


def basic() -> nn.Module:
    return cifar_resnet.build(cifar_resnet.Options(depth=8, width=8), channels=1, side=8, classes=10)


def wide() -> nn.Module:
    return wide_resnet.build(wide_resnet.Options(depth=10, width=1), channels=1, side=8, classes=10)


@INT8
@pytest.mark.parametrize(
    ("build", "kept"),
    [
        (digits_net, []),
        (PreActivation, ["norm"]),  # a shortcut leads around it
        (PostActivation, []),
        (subclasses, ["3"]),  # it follows no layer
        (basic, []),
        (wide, ["norm", "stage1.0.norm1", "stage2.0.norm1", "stage3.0.norm1"]),  # those that follow a sum, or feed two
        (InColour, []),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_restored_computes_what_is_converted(
    method: ModuleType, build: Callable[[], nn.Module], kept: list[str]
) -> None:
    state = member(build)
    model = build().eval()
    stored = method.compressor(model, options(method), shown(images()[:100]))(state)
    restored = method.restorer(build().eval(), options(method), images()[:1])(stored)
    x = images()[100:133]
    assert_same_logits_but_for_ties(inference(restored, x), inference(converted(method, build, state), x))
    model.load_state_dict(state)
    exact = inference(model, x)
    assert 0 < (inference(restored, x) - exact).abs().max() < 0.1 * exact.abs().max()
    layers = {name for name, module in model.named_modules() if isinstance(module, (nn.Conv2d, nn.Linear))}
    for layer in layers - {"auxiliary"}:
        assert stored[f"{layer}.weight"].dtype == torch.int8
    assert [name.removesuffix(".running_mean") for name in stored if name.endswith("running_mean")] == kept


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Any:
        return self.conv(self.conv(x))


class OwnWeight(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.ones(1, 1, 3, 3))

    def forward(self, x: Tensor) -> Any:
        return nn.functional.conv2d(x, self.kernel)


class Elsewhere(nn.Module):
    """As torchvision's Swin: a layer that is never called, whose weight is."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Any:
        return nn.functional.linear(x.mean((1, 2)), self.layer.weight, self.layer.bias)


class More(nn.Linear):
    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input) + input


class Standardised(nn.Conv2d):
    """As timm has it: the weight is computed."""

    def forward(self, input: Tensor) -> Tensor:
        return nn.functional.conv2d(input, self.weight - self.weight.mean())


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Any:
        x = x[:, 0]
        return self.attention(x, x, x, need_weights=False)[0]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Twice(), "layer conv runs more than once"),
        (More(8, 8), "runs more than once or more than one operator"),
        (OwnWeight(), "the weight kernel is not that of"),
        (Standardised(1, 1, 3), "the model computes with a weight that is computed itself"),
        (Attention(), "the weight attention.in_proj_weight is not that of"),
        (Elsewhere(), "the weight layer.weight is read by another module than its own"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_what_cannot_be_stored_as_layers_is_refused(model: nn.Module, message: str) -> None:
    with pytest.raises(InputError, match=message):
        int8_dynamic.compressor(model.eval(), int8_dynamic.Options(of="dense"), shown(images()[:1]))
