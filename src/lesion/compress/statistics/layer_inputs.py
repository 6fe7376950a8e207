"""Second moments of the inputs of convolutions and linear layers: how the squared error of a layer's output curves."""

import math
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.compress.probe import Probe

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
AT_ONCE = 2**26
"""Entries of patches that are held at a time; those of one image at least."""


def patches(layer: nn.Module, inputs: Tensor) -> Tensor:
    """What each output of a layer is a product of with its weights: (groups, positions, weights of an output channel).

    Of a convolution the patch at each place of each image, padded, in the order of `weight.flatten(1)`; one group of
    tokens for a linear layer. inputs: (n, channels, *sides), or (n, *, features).
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
    """Of how many images the patches are held at a time."""
    kernel = math.prod(layer.kernel_size) if isinstance(layer, CONVOLUTIONS) else 1
    return max(1, AT_ONCE // (inputs[0].numel() * kernel))


def second_moments(probe: Probe, images: int) -> dict[str, Tensor]:
    """(1/n) Σ y yᵀ over all n patches or tokens y that a layer sees: (groups, d, d), d weights an output channel.

    In evaluation mode, by name of the weight. Left out are transposed convolutions, and weights whose layer is never
    called: those of attention, which torch multiplies itself, its output projection included.
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
        with probe.looking(training=False), torch.no_grad():
            for inputs, _ in probe.batches(images):
                probe.model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return {name: totals[name] / counts[name] for name in probe.network.layers if name in totals}
