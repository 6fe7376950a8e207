"""How far a compressed layer's output is from that of the layer itself, for the same inputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from lesion.predict.layers.graft import Layer


class OutputErrors:
    """Sums ‖y − ŷ‖² and ‖y‖² over images; ŷ is the output of a compressed layer, y that of the layer itself.

    Both see what reaches the layer in the network in which that layer alone is compressed. The output is taken after
    the batch norm that reads the layer, if one is exchanged with it. A layer that runs twice is measured the first
    time.

    Parameters
    ----------
    network : in which layers are exchanged; it has its own at this time
    """

    def __init__(self, network: nn.Module, layers: Sequence[Layer]) -> None:
        self._network = network
        self._own: Mapping[Layer, list[nn.Module]] = {
            layer: [network.get_submodule(path) for path in measured(layer)] for layer in layers
        }
        self._sums = dict.fromkeys(layers, (0.0, 0.0))

    def relative(self, layer: Layer) -> float:
        """‖y − ŷ‖ / ‖y‖ over all images; NaN for a layer that was not called, or whose output is zero."""
        apart, size = self._sums[layer]
        return math.sqrt(apart / size) if size else math.nan

    @contextmanager
    def watch(self, layer: Layer) -> Iterator[None]:
        """Inside the block, in which the layer is exchanged, its first call in the network is measured."""
        modules = [self._network.get_submodule(path) for path in measured(layer)]
        taken: list[tuple[Any, Any]] = []
        given: list[Tensor] = []
        handles = [
            modules[0].register_forward_pre_hook(
                lambda _, args, kwargs: taken.append((_kept(args), kwargs)) if not taken else None,
                prepend=True,  # before the layer quantises its input
                with_kwargs=True,
            ),
            modules[-1].register_forward_hook(
                lambda _, __, output: given.append(_first(output).clone()) if not given else None
            ),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
        if taken and given:
            self._add(layer, taken[0], given[0])

    def _add(self, layer: Layer, taken: tuple[Any, Any], given: Tensor) -> None:
        args, kwargs = taken
        first, *norms = self._own[layer]
        output = _first(first(*args, **kwargs))
        for norm in norms:
            output = norm(output)
        apart, size = self._sums[layer]
        apart += float((output.double() - given.double()).square().sum())
        self._sums[layer] = (apart, size + float(output.double().square().sum()))


def measured(layer: Layer) -> tuple[str, ...]:
    """The modules from the layer to where its output is taken."""
    return layer.paths if len(layer.norms) < 2 else (layer.name,)


def _first(output: Any) -> Tensor:
    """The output of a layer; of attention without its weights."""
    return output if isinstance(output, Tensor) else output[0]


def _kept(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with copies of tensors, which later modules may change in place."""
    return tuple(arg.clone() if isinstance(arg, Tensor) else arg for arg in args)
