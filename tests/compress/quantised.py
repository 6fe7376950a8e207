"""Small networks to quantise, each with what makes quantisation hard, and the methods applied to them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.std_conv import ScaledStdConv2dSame, StdConv2d
from torch import Tensor, nn
from torchvision.models.swin_transformer import ShiftedWindowAttention

from lesion.compress import pt2e
from lesion.compress.attention import separate_all
from lesion.compress.calibration import Calibration
from lesion.compress.methods import int8_dynamic, int8_static
from lesion.compress.operators import find_operators
from lesion.data.images import PackedImages
from lesion.data.split import Normalise, Split

Tensors = dict[str, Tensor]

INT8 = pytest.mark.parametrize("method", [int8_static, int8_dynamic])
LAYERS = {"0": 2, "3": 2, "7": 1}  # of digits_net: name -> stride


def images() -> Tensor:
    return torch.tensor(load_digits().images / 16, dtype=torch.float32)[:, None]


@dataclass(frozen=True)
class Shown(Calibration):
    """Calibration whose images are the first of `given`, not a random sample."""

    given: Tensor

    def images(self, count: int) -> Tensor:
        if count > len(self.given):
            return super().images(count)
        return self.given[:count]


def shown(given: Tensor) -> Calibration:
    """Calibration that shows these images, float32 (n, 1, 8, 8) in [0, 1], in this order."""
    pixels = (given * 16).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    split = Split(
        example_id=torch.arange(len(given)), images=PackedImages(pixels), label=torch.zeros(len(given)).long(),
        normalise=Normalise(torch.zeros(1), torch.full((1,), 16 / 255)), class_names=("0",), class_ids=("0",),
    )  # fmt: skip
    return Shown(split, 0, given)


def digits_net() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1, stride=2, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, padding=1, stride=2, bias=False), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(128, 10)),
    ).eval()


class PreActivation(nn.Module):
    """A wide residual block: a batch norm with a shortcut around it stays, and convolutions share an input."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding="same", bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1, stride=2, bias=False)
        self.norm1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.shortcut = nn.Conv2d(8, 8, 1, stride=2, bias=False)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(8, 10)
        self.auxiliary = nn.Linear(8, 10)  # for training only

    def forward(self, x: Tensor) -> Tensor:
        stem = self.stem(x)
        x = self.norm(stem).relu()
        x = self.conv2(self.norm1(self.conv1(x)).relu_()) + self.shortcut(x) + stem[:, :, ::2, ::2]
        logits: Tensor = self.head(self.pool(x).flatten(1))
        return logits


class PostActivation(nn.Module):
    """A residual block as in ResNet: every batch norm is folded, additions stay float32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv1, self.norm1 = nn.Conv2d(8, 16, 3, padding=1, stride=2, bias=False), nn.BatchNorm2d(16)
        self.conv2, self.norm2 = nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16)
        self.shortcut = nn.Sequential(nn.Conv2d(8, 16, 1, stride=2, bias=False), nn.BatchNorm2d(16))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64, 16, bias=False), nn.BatchNorm1d(16), nn.Linear(16, 10))

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.stem(x))
        y = self.norm2(self.conv2(self.norm1(self.conv1(x)).relu_()))
        y += self.shortcut(x)
        logits: Tensor = self.head(y.relu_())
        return logits


class Unusual(nn.Module):
    """Operators that are not all that their layers run: padding, computed weights, and weights that others read."""

    def __init__(self) -> None:
        super().__init__()
        self.padded = Conv2dSame(1, 8, 3, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.standardised = StdConv2d(8, 8, 3)
        self.norm1 = nn.BatchNorm2d(8)  # its fold creates a bias
        self.scaled = ScaledStdConv2dSame(8, 8, 2, stride=2, padding="same")
        self.norm2 = nn.BatchNorm2d(8)  # its fold changes the bias
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.windows = ShiftedWindowAttention(8, [2, 2], [0, 0], 2)
        self.more = More(8, 8)
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.padded(x)).relu()
        x = self.norm1(self.standardised(x)).relu_()
        x = self.norm2(self.scaled(x)).flatten(2).transpose(1, 2)
        x = x + self.attention(x, x, x, need_weights=False)[0]
        x = x + self.windows(x.view(-1, 2, 2, 8)).flatten(1, 2)
        logits: Tensor = self.head(self.more(x).mean(dim=1))
        return logits


class More(nn.Linear):
    """A layer that does more than its operator."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input) + input


@torch.no_grad()
def member(build: Callable[[], nn.Module], seed: int = 0) -> Tensors:
    """State dict with statistics and biases that are not those of an untrained model."""
    torch.manual_seed(seed)
    model = build()
    for module in model.modules():
        if isinstance(module, nn.MultiheadAttention):
            module.in_proj_bias.uniform_(-1, 1)
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            ranges = {"weight": (0.5, 2), "bias": (-0.3, 0.3), "running_mean": (-0.2, 0.2), "running_var": (0.5, 2)}
            for name, (low, high) in ranges.items():
                getattr(module, name).uniform_(low, high)
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def options(method: ModuleType) -> Any:
    return method.Options(of="dense", **({"calibration_images": 100} if method is int8_static else {}))


@cache
def compressor(method: ModuleType) -> Callable[[Mapping[str, Tensor]], Tensors]:
    compress: Callable[[Mapping[str, Tensor]], Tensors]
    compress = method.compressor(digits_net(), options(method), shown(images()[:100]))
    return compress


def restorer(method: ModuleType) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    restore: Callable[[Mapping[str, Tensor]], nn.Module]
    restore = method.restorer(digits_net(), options(method), images()[:1])
    return restore


def inference(model: nn.Module, x: Tensor) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = model(x)
    return logits


def converted(
    method: ModuleType, build: Callable[[], nn.Module], state: Tensors, kept: Collection[str] = ()
) -> nn.Module:
    calibration = images()[:100] if method is int8_static else images()[:1]
    model = build().eval()
    separate_all(model, calibration[:1])
    exported = pt2e.export(model, calibration)
    found = find_operators(model, exported, kept, by_image=method is int8_dynamic)
    return pt2e.converter(exported, found.operators, method.input_specification(), calibration)(state)
