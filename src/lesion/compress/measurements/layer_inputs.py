"""Second moments of the inputs of convolutions and linear layers: the Hessian of half their squared output error."""

import math
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.compress.probe import Probe

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
AT_ONCE = 2**26
"""Entries of patches to hold at a time; at least one image's."""


def patches(layer: nn.Module, inputs: Tensor) -> Tensor:
    """The vectors that a layer multiplies with its weights: (groups, positions, weights of an output channel).

    For a convolution these are the padded patches of all images, in the order of `weight.flatten(1)`; for a linear
    layer its input vectors, as one group. inputs: (n, channels, *sides), or (n, *, features).
    """
    if isinstance(layer, nn.Linear):
        return inputs.flatten(0, -2)[None]
    assert isinstance(layer, CONVOLUTIONS)
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    padded = functional.pad(inputs, layer._reversed_padding_repeated_twice, mode=mode)
    sides = len(layer.kernel_size)
    taken = padded.reshape(len(padded), layer.groups, -1, *padded.shape[2:])
    windows = zip(layer.kernel_size, layer.stride, layer.dilation, strict=True)
    for side, (kernel, stride, dilation) in enumerate(windows):
        taken = taken.unfold(3 + side, dilation * (kernel - 1) + 1, stride)[..., ::dilation]
    # (n, groups, channels, *places, *kernel) -> (groups, n, *places, channels, *kernel)
    return taken.movedim(1, 0).movedim(2, 2 + sides).flatten(2 + sides).flatten(1, 1 + sides)


def _images_at_once(layer: nn.Module, inputs: Tensor) -> int:
    """Number of images whose patches to hold at a time."""
    kernel = math.prod(layer.kernel_size) if isinstance(layer, CONVOLUTIONS) else 1
    return max(1, AT_ONCE // (inputs[0].numel() * kernel))


def second_moments(probe: Probe, images: int) -> dict[str, Tensor]:
    """(1/n) Σ y yᵀ over the n input vectors y of a layer: (groups, d, d), d weights an output channel, by weight name.

    In evaluation mode. Without transposed convolutions and without weights whose layer is never called: all projections
    of nn.MultiheadAttention, which reads their weights itself.
    """
    totals: dict[str, Tensor] = {}
    counts: Counter[str] = Counter()

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def add(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            for part in torch.split(inputs[0], _images_at_once(layer, inputs[0])):
                seen = patches(layer, part)
                product = seen.mT @ seen
                totals[name] = totals[name].add_(product) if name in totals else product
                counts[name] += seen.shape[1]

        return add

    handles = [
        layer.register_forward_pre_hook(watch(name))
        for name, (layer, _) in probe.network.layers.items()
        if isinstance(layer, (nn.Linear, *CONVOLUTIONS))
    ]
    try:
        with probe.in_mode(training=False), torch.no_grad():
            for inputs, _ in probe.batches(images):
                probe.model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return {name: totals[name] / counts[name] for name in probe.network.layers if name in totals}
