"""What the units of a network give, over some training images.

The activation of a unit is the output of the activation function that reads its layer's output, or its norm's, as it
is; where none does, as at the end of a residual branch, the norm's output; without a norm the layer's own.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lesion.compress.masks import Unit
from lesion.compress.probe import Probe
from lesion.compress.units import Outputs, layers_with_units, probed_units

CLAMPS = frozenset({"relu", "relu6", "hardtanh"})
"""Activation functions that leave a value of their own range, and so any mean of such, as it is."""

ACTIVATIONS = CLAMPS | {
    "celu", "elu", "gelu", "hardsigmoid", "hardswish", "leaky_relu", "mish", "prelu", "rrelu", "selu", "sigmoid",
    "silu", "softplus", "softsign", "tanh",
}  # fmt: skip
"""Names of all activation functions, as functions or as methods of tensors; in place they end in an underscore."""


@dataclass(frozen=True)
class Activations:
    """Of the units of one layer, over images and positions: float64 (units,).

    Attributes
    ----------
    absolute : mean absolute activation
    positive : share of activations above zero
    variance : of the activation
    constant : what is put for the bias that is added last so that a unit gives its mean: the mean activation, for that
        is what follows from it by a clamp; by any other activation function, the mean of what it reads
    """

    absolute: Tensor
    positive: Tensor
    variance: Tensor
    constant: Tensor


class Sums:
    """Of the values of each unit of one layer, batch by batch, in float64."""

    def __init__(self) -> None:
        self._count, self._sums = 0, torch.zeros((), dtype=torch.float64)

    def add(self, values: Tensor, dimension: int) -> None:
        """Values of any shape, with the units along one dimension."""
        values = values.movedim(dimension, 0).flatten(1).double()
        parts = [values, values.abs(), values.square(), (values > 0).double()]
        self._sums = self._sums + torch.stack([part.sum(dim=1) for part in parts])
        self._count += values.shape[1]

    def means(self) -> Tensor:
        """Of value, absolute value, square, and of whether it is positive: float64 (4, units)."""
        return self._sums / self._count


class Watch(TorchFunctionMode):
    """Where it is in force, sums up what the units give, before and after their activation functions.

    Functions that write over their input are seen before they do.
    """

    def __init__(self, layers: Mapping[str, nn.Module], units: Mapping[str, Unit]) -> None:
        super().__init__()
        self._dimension = {name: -1 if isinstance(layer, nn.Linear) else 1 for name, layer in layers.items()}
        self._units = units
        self._for_norms, self._for_functions = Outputs(), Outputs()
        self.before, self.after = defaultdict[str, Sums](Sums), defaultdict[str, Sums](Sums)
        self.clamped: set[str] = set()

    def layer_gives(self, name: str, output: Tensor) -> None:
        """To be called with each output of a layer."""
        if self._units[name].norm is None:
            self._gives(name, output)
        else:
            self._for_norms.add(output, name)

    def _gives(self, name: str, output: Tensor) -> None:
        self.before[name].add(output, self._dimension[name])
        self._for_functions.add(output, name)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Computes the function, whatever it is, and takes note where it reads what a unit gives."""
        kwargs = kwargs or {}
        function = getattr(func, "__name__", "").rstrip("_")
        read: Any = args[0] if args else kwargs.get("input")
        outputs = self._for_norms if function == "batch_norm" else self._for_functions
        relevant = isinstance(read, Tensor) and (function in ACTIVATIONS or function == "batch_norm")
        name = outputs.maker(read) if relevant else None
        result = func(*args, **kwargs)
        if name is not None and function == "batch_norm":
            self._gives(name, result)
        elif name is not None:
            outputs.forget(read)  # of several functions that read it the first counts
            self.after[name].add(result, self._dimension[name])
            if function in CLAMPS:
                self.clamped.add(name)
        return result

    def of(self, name: str) -> Activations:
        """The statistics of a layer's units."""
        before = self.before[name].means()
        after = self.after[name].means() if name in self.after else before
        mean, absolute, square, positive = after
        constant = mean if name in self.clamped else before[0]
        return Activations(absolute, positive, (square - mean.square()).clamp_min(0), constant)


@contextmanager
def watching(model: nn.Module, units: Mapping[str, Unit]) -> Iterator[Watch]:
    """While the block runs, what goes through the network is watched."""
    layers = layers_with_units(model)
    watch = Watch(layers, units)
    handles = [
        layer.register_forward_hook(lambda _, __, output, name=name: watch.layer_gives(name, output))
        for name, layer in layers.items()
    ]
    try:
        with watch:
            yield watch
    finally:
        for handle in handles:
            handle.remove()


def activations(probe: Probe, images: int) -> dict[str, Activations]:
    """By name of the weight, over as many images, in evaluation mode, with the masks in force.

    Layers whose own code does not run, like the output projection of nn.MultiheadAttention, are left out.
    """
    with torch.no_grad(), probe.looking(training=False), watching(probe.model, probed_units(probe)) as watch:
        for inputs, _ in probe.batches(images):
            probe.model(inputs)
    return {name: watch.of(name) for name in watch.before}
