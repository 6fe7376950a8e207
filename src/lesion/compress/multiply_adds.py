"""Counts how often a network multiplies by each of its weights for one image."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.overrides import TorchFunctionMode

from lesion.compress.masks import prunable


def uses_of_weights(
    network: nn.Module, shape: tuple[int, ...], dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """Multiplications by each weight for one image: int64 (rows,), by weight name in the order of the network.

    All weights of a row (first dimension) have the same count. A convolution uses a weight once at each output
    position, padding included (a transposed one at each input position), and a linear layer once for each input vector.
    A layer that runs twice counts twice, one that does not run counts 0. The counts come from running the network on an
    input of zeros, for images of shape (channels, height, width); the network stays in evaluation mode.
    """
    counting = _Counting(network.eval())
    try:
        with torch.no_grad(), counting:
            network(torch.zeros(1, *shape, dtype=dtype))
    finally:
        counting.remove()
    return counting.uses


class _Counting(TorchFunctionMode):
    """Counts uses while the network runs: hooks see convolutions and attention, the torch function mode linear layers.

    Hooks would miss linear layers whose weight is read by other code (torchvision's Swin, timm's BEiT).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.uses: dict[str, Tensor] = {}
        self._names: dict[int, str] = {}  # by identity
        for name, layer, attribute in prunable(network):
            weight = layer.get_parameter(attribute)
            if self._names.setdefault(id(weight), name) == name:
                self.uses[name] = torch.zeros(len(weight), dtype=torch.int64)
        hooks: dict[type[nn.Module], Callable[..., None]] = {
            _ConvNd: self._convolution,
            nn.MultiheadAttention: self._attention,
        }
        self._handles = [
            layer.register_forward_hook(hook, with_kwargs=True)
            for layer in network.modules()
            for kind, hook in hooks.items()
            if isinstance(layer, kind)
        ]

    def remove(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()

    def _add(self, weight: Tensor | None, times: int | Tensor) -> None:
        if id(weight) in self._names:
            self.uses[self._names[id(weight)]] += times

    def _convolution(self, layer: _ConvNd, args: tuple[Any, ...], _: object, output: Tensor) -> None:
        if isinstance(layer, _ConvTransposeNd):
            self._add(layer.weight, args[0].numel() // layer.in_channels)
        else:
            self._add(layer.weight, output.numel() // layer.out_channels)

    def _attention(
        self, layer: nn.MultiheadAttention, args: tuple[Any, ...], kwargs: dict[str, Any], _: object
    ) -> None:
        read = dict(zip(("query", "key", "value"), args, strict=False)) | kwargs
        query, key, value = (read[name].numel() // read[name].shape[-1] for name in ("query", "key", "value"))
        self._add(layer.in_proj_weight, torch.tensor([query, key, value]).repeat_interleave(layer.embed_dim))
        self._add(layer.q_proj_weight, query)
        self._add(layer.k_proj_weight, key)
        self._add(layer.v_proj_weight, value)
        self._add(layer.out_proj.weight, query)  # attention reads it and does not run the layer

    def __torch_function__(
        self,
        function: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run any torch function; count the uses if it is `linear` with a prunable weight."""
        named = dict(kwargs or {})
        output = function(*args, **named)
        if function is functional.linear:
            weight = named["weight"] if "weight" in named else args[1]
            self._add(weight, output.numel() // len(weight))
        return output
