"""What a network multiplies by for one image: each weight as it is computed with, and how often."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from lesion.compress.masks import prunable

CONVOLUTIONS = frozenset({functional.conv1d, functional.conv2d, functional.conv3d})
TRANSPOSED = frozenset({functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d})
OPERATORS = CONVOLUTIONS | TRANSPOSED | {functional.linear}


@dataclass(frozen=True)
class InUse:
    """What a network multiplies by for one image, each by weight name in the order of the network.

    Attributes
    ----------
    uses : as `uses_of_weights` gives them
    weights : as `weights_in_use` gives them
    """

    uses: dict[str, Tensor]
    weights: dict[str, Tensor]


def in_use(network: nn.Module, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> InUse:
    """`uses_of_weights` and `weights_in_use`, of one run."""
    found = _run(network, shape, dtype)
    named = ((name, layer, attribute) for name, layer, attribute in prunable(network))
    return InUse(
        found.uses,
        {
            name: found.weights[name] if name in found.weights else getattr(layer, attribute)
            for name, layer, attribute in named
        },
    )


def uses_of_weights(
    network: nn.Module, shape: tuple[int, ...], dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """Multiplications by each weight for one image: int64 (rows,), by weight name in the order of the network.

    All weights of a row (first dimension) have the same count. A convolution uses a weight once at each output
    position, padding included (a transposed one at each input position), and a linear layer once for each input vector.
    A layer that runs twice counts twice, one that does not run counts 0. The counts come from running the network on an
    input of zeros, for images of shape (channels, height, width); the network stays in evaluation mode.
    """
    return _run(network, shape, dtype).uses


def weights_in_use(network: nn.Module, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """The weights that a network multiplies by, by weight name in the order of the network, each in its own shape.

    That is a layer's parameter unless the layer transforms it first, as by weight standardisation: then it is what
    comes out. The weight of a layer that does not run is its parameter.
    """
    return in_use(network, shape, dtype).weights


def _run(network: nn.Module, shape: tuple[int, ...], dtype: torch.dtype) -> "_Counting":
    counting = _Counting(network.eval())
    device = next((parameter.device for parameter in network.parameters()), None)
    try:
        with torch.no_grad(), counting:
            network(torch.zeros(1, *shape, dtype=dtype, device=device))
    finally:
        counting.remove()
    return counting


class _Counting(TorchFunctionMode):
    """Counts uses while the network runs: the torch function mode sees operators, hooks see attention.

    Hooks would miss linear layers whose weight is read by other code (torchvision's Swin, timm's BEiT). A weight that
    is no parameter belongs to the innermost layer that runs, if it has its shape.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.uses: dict[str, Tensor] = {}
        self.weights: dict[str, Tensor] = {}
        self._names: dict[int, str] = {}  # by identity of the parameter
        self._running: list[tuple[str, torch.Size]] = []
        self._handles: list[Any] = []
        for name, layer, attribute in prunable(network):
            weight = getattr(layer, attribute)
            owned = isinstance(weight, nn.Parameter)
            if not owned or self._names.setdefault(id(weight), name) == name:
                self.uses[name] = torch.zeros(len(weight), dtype=torch.int64)
            if attribute == "weight":
                self._follow(name, layer, weight.shape)
        self._handles += [
            layer.register_forward_hook(self._attention, with_kwargs=True)
            for layer in network.modules()
            if type(layer).forward is nn.MultiheadAttention.forward
        ]

    def _follow(self, name: str, layer: nn.Module, shape: torch.Size) -> None:
        """Remember which layer runs."""
        started: Callable[..., None] = lambda *_: self._running.append((name, shape))  # noqa: E731
        ended: Callable[..., None] = lambda *_: self._running.pop() and None  # noqa: E731
        self._handles += [
            layer.register_forward_pre_hook(started),
            layer.register_forward_hook(ended, always_call=True),
        ]

    def remove(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()

    def _add(self, weight: Tensor | None, times: int | Tensor) -> None:
        name = self._names.get(id(weight))
        if name is None and weight is not None and self._running and self._running[-1][1] == weight.shape:
            name = self._running[-1][0]
        if name is not None and weight is not None:
            self.uses[name] += times
            self.weights[name] = weight

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
        """Run any torch function; count the uses if it is an operator with a prunable weight."""
        named = dict(kwargs or {})
        output = function(*args, **named)
        if function in OPERATORS:
            named |= dict(zip(("input", "weight"), args, strict=False))
            source, weight = named["input"], named["weight"]
            if function in TRANSPOSED:
                self._add(weight, source.numel() // source.shape[1])
            else:
                self._add(weight, output.numel() // len(weight))
        return output
