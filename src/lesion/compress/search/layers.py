"""The convolutions and linear layers of a network as they run on one image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lesion.compress.masks import prunable


@dataclass(frozen=True)
class Run:
    """A layer and the shape of its input, with one image: (1, c, h, w) or (1, …, features)."""

    layer: nn.Conv2d | nn.Linear
    shape: torch.Size


def run_layers(plain: nn.Module, image: Tensor) -> dict[str, Run]:
    """The layers that run on an image (1, c, h, w), by weight name; other kinds of layers are left out."""
    found: dict[str, Run] = {}
    handles = [
        layer.register_forward_pre_hook(
            lambda layer, inputs, name=name: found.setdefault(name, Run(layer, inputs[0].shape)) and None
        )
        for name, layer, _ in prunable(plain)
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    try:
        with torch.no_grad():
            plain(image)
    finally:
        for handle in handles:
            handle.remove()
    return found
