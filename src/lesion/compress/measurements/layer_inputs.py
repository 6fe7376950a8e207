"""Second moments of the inputs of convolutions and linear layers: the Hessian of half their squared output error."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from lesion.compress.probe import Probe

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
CONVOLUTIONS = (functional.conv1d, functional.conv2d, functional.conv3d)
AT_ONCE = 2**26
"""Entries of patches to hold at a time; at least one image's."""


def patches(
    inputs: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,  # noqa: ARG001
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] | str = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
) -> Tensor:
    """The vectors that a convolution multiplies with its weights: (groups, positions, weights of an output channel).

    These are the padded patches of all images, in the order of `weight.flatten(1)`. Parameters as those of torch's
    convolutions; inputs: (n, channels, *sides).
    """
    kernel = weight.shape[2:]
    strides, dilations = (_each(value, len(kernel)) for value in (stride, dilation))
    padded = functional.pad(inputs, _padding(padding, kernel, dilations))
    taken = padded.reshape(len(padded), groups, -1, *padded.shape[2:])
    for side, size in enumerate(kernel):
        width = dilations[side] * (size - 1) + 1
        taken = taken.unfold(3 + side, width, strides[side])[..., :: dilations[side]]
    # (n, groups, channels, *places, *kernel) -> (groups, n, *places, channels, *kernel)
    sides = len(kernel)
    return taken.movedim(1, 0).movedim(2, 2 + sides).flatten(2 + sides).flatten(1, 1 + sides)


def _each(value: int | tuple[int, ...], sides: int) -> tuple[int, ...]:
    """The value of each side, where one may stand for all."""
    found = (value,) if isinstance(value, int) else tuple(value)
    return found * sides if len(found) == 1 else found


def _padding(padding: int | tuple[int, ...] | str, kernel: torch.Size, dilation: tuple[int, ...]) -> list[int]:
    """What to add before and after each side, from the last side to the first."""
    if isinstance(padding, str):
        total = [step * (size - 1) if padding == "same" else 0 for size, step in zip(kernel, dilation, strict=True)]
        both = [(added // 2, added - added // 2) for added in total]
    else:
        both = [(added, added) for added in _each(padding, len(kernel))]
    return [added for side in reversed(both) for added in side]


class _Watching(TorchFunctionMode):
    """Adds up the moments of what linear and convolution operators get, while a layer runs them.

    A layer may change its input before, as those do that pad it themselves (timm's `Conv2dSame`, `padding_mode`).
    """

    def __init__(self, layers: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.totals: dict[str, Tensor] = {}
        self.counts: Counter[str] = Counter()
        self._running: list[str] = []
        self._handles = [
            handle
            for name, layer in layers.items()
            for handle in (
                layer.register_forward_pre_hook(lambda _, __, name=name: self._running.append(name)),
                layer.register_forward_hook(lambda *_: self._ended(), always_call=True),
            )
        ]

    def _ended(self) -> None:
        self._running.pop()

    def remove(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run the operator, and look at its input."""
        if self._running and func is functional.linear:
            self._add(args[0].flatten(0, -2)[None])
        elif self._running and func in CONVOLUTIONS:
            inputs, weight = args[:2]
            at_once = max(1, AT_ONCE // (inputs[0].numel() * math.prod(weight.shape[2:])))
            for part in torch.split(inputs, at_once):
                self._add(patches(part, *args[1:], **(kwargs or {})))
        return func(*args, **(kwargs or {}))

    def _add(self, seen: Tensor) -> None:
        """seen: (groups, positions, d)."""
        name, product = self._running[-1], seen.mT @ seen
        self.totals[name] = self.totals[name].add_(product) if name in self.totals else product
        self.counts[name] += seen.shape[1]


@torch.no_grad()
def moments_of_inputs(
    model: nn.Module, layers: Mapping[str, nn.Module], batches: Iterable[Tensor]
) -> dict[str, Tensor]:
    """(1/n) Σ y yᵀ over the n vectors y that a layer multiplies with its weights: (groups, d, d), d weights a channel.

    Parameters
    ----------
    model : the network; it runs in the mode in which it is
    layers : those to look at, by any name. Others than linear layers and convolutions, and layers that are never
        called, are missing in the result: transposed convolutions, and all projections of nn.MultiheadAttention, which
        reads their weights itself
    batches : inputs of the network
    """
    watching = _Watching({name: layer for name, layer in layers.items() if isinstance(layer, LAYERS)})
    try:
        with watching:
            for inputs in batches:
                model(inputs)
    finally:
        watching.remove()
    return {name: watching.totals[name] / watching.counts[name] for name in layers if name in watching.totals}


def second_moments(probe: Probe, images: int) -> dict[str, Tensor]:
    """The `moments_of_inputs` of all prunable layers by weight name, in evaluation mode."""
    layers = {name: layer for name, (layer, _) in probe.network.layers.items()}
    with probe.in_mode(training=False):
        return moments_of_inputs(probe.model, layers, (inputs for inputs, _ in probe.batches(images)))
