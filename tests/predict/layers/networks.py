"""Small networks with what makes it hard to reuse outputs: branches, layers that run twice, changes in place."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def conv(inputs: int, outputs: int, size: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, padding=size // 2)


class Residual(nn.Module):
    """A block that changes its shortcut in place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(width, width), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width), nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Any:
        out = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        out += x
        return self.act(out)


class PreActivation(nn.Module):
    """Its first activation changes the input, which the shortcut reads afterwards."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.act, self.conv = nn.ReLU(inplace=True), conv(width, width)

    def forward(self, x: Tensor) -> Any:
        return self.conv(self.act(x)) + x


class Inception(nn.Module):
    """Branches that are concatenated."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.three = conv(width, 3, 1), nn.Sequential(conv(width, 2, 1), nn.ReLU(True), conv(2, 5))
        self.pool = nn.AvgPool2d(3, 1, 1)

    def forward(self, x: Tensor) -> Any:
        return torch.cat([self.one(x), self.three(x), self.pool(x)], dim=1)


class Tangled(nn.Module):
    """A layer that runs twice under two names, layers in a list, one whose weight is read and which is not run."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.twice = conv(2, 4), conv(4, 4)
        self.alias = self.twice
        self.listed = nn.ModuleList([conv(4, 4), conv(4, 4)])
        self.read, self.head = nn.Linear(4, 6), nn.Linear(6, 5)
        self.keep = nn.Identity()

    def forward(self, x: Tensor) -> Any:
        x = self.keep(self.stem(x).relu_())
        x = self.alias(torch.relu(self.twice(x)))
        for layer in self.listed:
            x = x + layer(x).relu_()
        pooled = x.mean(dim=(2, 3))
        return self.head(torch.nn.functional.linear(pooled, self.read.weight, self.read.bias))


class Stateful(nn.Module):
    """Hands a tensor on beside what it returns, so that its outputs alone are not enough."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = Telling(), conv(4, 4), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Any:
        x = self.first(x)
        x = self.second(x) * self.first.told.pop()
        return self.head(x.mean(dim=(2, 3)))


class Telling(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.told = conv(2, 4), list[Tensor]()

    def forward(self, x: Tensor) -> Any:
        x = self.conv(x)
        self.told.append(x.sigmoid())
        return x


class Attention(nn.Module):
    """Attention returns a tuple, and reads the weight of its projection without running it."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.attention = conv(2, 4), nn.MultiheadAttention(4, 2, batch_first=True)
        self.head = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Any:
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = x + self.attention(x, x, x, need_weights=True)[0]
        return self.head(x.mean(dim=1))


def residual() -> nn.Module:
    blocks = [nn.Sequential(Residual(4), Residual(4)), nn.Sequential(PreActivation(4), Residual(4), Residual(4))]
    return nn.Sequential(conv(2, 4), nn.BatchNorm2d(4), nn.ReLU(True), nn.Sequential(*blocks), *head(4))


def inception() -> nn.Module:
    return nn.Sequential(conv(2, 4), Inception(4), nn.ReLU(True), Inception(12), *head(20))


def flat() -> nn.Module:
    return nn.Sequential(
        *(conv(2, 4), nn.BatchNorm2d(4), nn.ReLU(True), conv(4, 6), nn.ReLU(), nn.MaxPool2d(2), conv(6, 6)),
        *(nn.Dropout(), nn.ReLU(True), conv(6, 6), *head(6)),
    )


def head(width: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 5)]


NETWORKS: list[Callable[[], nn.Module]] = [residual, inception, flat, Tangled, Attention, Stateful]


def made(make: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """The network in evaluation mode, with weights and statistics that tell its layers apart."""
    torch.manual_seed(seed)
    network = make().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
    return network


def rounded(make: Callable[[], nn.Module], seed: int = 0, steps: float = 3.0) -> nn.Module:
    """The same network with the weights of all layers rounded coarsely."""
    network = made(make, seed)
    with torch.no_grad():
        for module in network.modules():
            for name, weight in module.named_parameters(recurse=False):
                if weight.dim() > 1 and not isinstance(module, nn.BatchNorm2d):
                    scale = weight.abs().max() / steps
                    getattr(module, name).copy_((weight / scale).round() * scale)
    return network


def images(count: int, seed: int = 1) -> Tensor:
    return torch.randn(count, 2, 8, 8, generator=torch.Generator().manual_seed(seed))
