"""Statistics of the activations of a network's units over some training images.

The activation of a unit is the output of the first activation function that reads its norm, or its layer if there is
no norm. If no activation function reads it directly, as at the end of a residual branch, it is the output of the norm
or layer itself.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lesion.compress.masks import Units
from lesion.compress.probe import Probe
from lesion.compress.units import Producers, layers_with_units, probed_units

CLAMPS = frozenset({"relu", "relu6", "hardtanh"})
"""Activation functions that do not change a value within their range, so they do not change a mean activation."""

ACTIVATIONS = CLAMPS | {
    "celu", "elu", "gelu", "hardsigmoid", "hardswish", "leaky_relu", "mish", "prelu", "rrelu", "selu", "sigmoid",
    "silu", "softplus", "softsign", "tanh",
}  # fmt: skip
"""Names of the activation functions and tensor methods that count. In-place ones have an underscore at the end."""


@dataclass(frozen=True)
class Activations:
    """Statistics of the units of one layer over images and positions, each float64 (units,).

    Attributes
    ----------
    absolute : mean absolute activation
    positive : share of activations above zero
    variance : variance of the activation
    constant : value of the last bias that makes a pruned unit output its mean. This is the mean activation if the
        activation function is in `CLAMPS`, or if there is none; else the mean of the function's input
    """

    absolute: Tensor
    positive: Tensor
    variance: Tensor
    constant: Tensor


class Sums:
    """Running sums over the values of each unit of one layer, in float64."""

    def __init__(self) -> None:
        self._count, self._sums = 0, torch.zeros((), dtype=torch.float64)

    def add(self, values: Tensor, dimension: int) -> None:
        """Add values of any shape whose dimension `dimension` runs over the units."""
        values = values.movedim(dimension, 0).flatten(1).double()
        parts = [values, values.abs(), values.square(), (values > 0).double()]
        self._sums = self._sums + torch.stack([part.sum(dim=1) for part in parts])
        self._count += values.shape[1]

    def means(self) -> Tensor:
        """Mean value, mean absolute value, mean square, and share of positive values: float64 (4, units)."""
        return self._sums / self._count


class Watch(TorchFunctionMode):
    """Sums up what units output before and after their activation function, while it is active.

    It looks up the input before the function runs, since in-place functions overwrite it.
    """

    def __init__(self, layers: Mapping[str, nn.Module], units: Mapping[str, Units]) -> None:
        super().__init__()
        self._dimension = {name: -1 if isinstance(layer, nn.Linear) else 1 for name, layer in layers.items()}
        self._units = units
        self._before_norm, self._before_function = Producers(), Producers()
        self.before, self.after = defaultdict[str, Sums](Sums), defaultdict[str, Sums](Sums)
        self.clamped: set[str] = set()

    def record_layer(self, name: str, output: Tensor) -> None:
        """Call with each output of a layer."""
        if self._units[name].norm is None:
            self._record(name, output)
        else:
            self._before_norm.add(output, name)

    def _record(self, name: str, output: Tensor) -> None:
        self.before[name].add(output, self._dimension[name])
        self._before_function.add(output, name)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run any torch function; record its output if it is a batch norm or activation function that reads units."""
        kwargs = kwargs or {}
        function = getattr(func, "__name__", "").rstrip("_")
        read: Any = args[0] if args else kwargs.get("input")
        producers = self._before_norm if function == "batch_norm" else self._before_function
        relevant = isinstance(read, Tensor) and (function in ACTIVATIONS or function == "batch_norm")
        name = producers.producer(read) if relevant else None
        result = func(*args, **kwargs)
        if name is not None and function == "batch_norm":
            self._record(name, result)
        elif name is not None:
            producers.forget(read)  # if several functions read it, the first one counts
            self.after[name].add(result, self._dimension[name])
            if function in CLAMPS:
                self.clamped.add(name)
        return result

    def of(self, name: str) -> Activations:
        """The statistics of the units of one layer."""
        before = self.before[name].means()
        after = self.after[name].means() if name in self.after else before
        mean, absolute, square, positive = after
        constant = mean if name in self.clamped else before[0]
        return Activations(absolute, positive, (square - mean.square()).clamp_min(0), constant)


@contextmanager
def watching(model: nn.Module, units: Mapping[str, Units]) -> Iterator[Watch]:
    """Watch all that runs through the network inside the block."""
    layers = layers_with_units(model)
    watch = Watch(layers, units)
    handles = [
        layer.register_forward_hook(lambda _, __, output, name=name: watch.record_layer(name, output))
        for name, layer in layers.items()
    ]
    try:
        with watch:
            yield watch
    finally:
        for handle in handles:
            handle.remove()


def activations(probe: Probe, images: int) -> dict[str, Activations]:
    """Statistics over `images` training images in evaluation mode, with the current masks, by weight name.

    A layer whose forward method is never called is missing, for example the output projection of nn.MultiheadAttention.
    """
    with torch.no_grad(), probe.in_mode(training=False), watching(probe.model, probed_units(probe)) as watch:
        for inputs, _ in probe.batches(images):
            probe.model(inputs)
    return {name: watch.of(name) for name in watch.before}
