"""A small network, and masks for it."""

import torch
from torch import Tensor, nn

from lesion.compress.masks import MaskedNetwork, keep_largest

WEIGHTS = ("0.weight", "4.weight")
PRODUCTS = 9 + 3 * 16 + 4 * 16
"""What the network adds up from an input to an output: a window, the statistics of three images, a row of a matrix."""


def network(seed: int = 0) -> nn.Sequential:
    """A convolution, a batch norm and a linear layer, for (n, 1, 4, 4) inputs."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 5)
    )


def half_masks(masked: MaskedNetwork) -> dict[str, Tensor]:
    """Half of the weights of each output, by magnitude."""
    return {
        name: keep_largest(weight.abs().flatten(1), weight[0].numel() // 2).view_as(weight)
        for name, weight in masked.weights().items()
    }
