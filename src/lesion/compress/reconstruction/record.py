"""Samples of what layers read, what they give and what is added to it, while a network runs.

Samples are at some output positions of each image, the same ones for the same seed. If a layer's output, after its
batch norm if it has one, is one side of a sum, as at the end of a residual branch, the other side is sampled, too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode

from lesion.compress.measurements.layer_inputs import patches
from lesion.compress.units import Producers
from lesion.seeds import derive_seed


@dataclass(frozen=True)
class Reader:
    """A layer that reads the channels of a set.

    Attributes
    ----------
    name : of its weight
    layer : a convolution with one group and padding of zeros, or a linear layer
    norm : the batch norm with running statistics that is the only one to read its output, if any
    """

    name: str
    layer: nn.Conv2d | nn.Linear
    norm: _BatchNorm | None


@dataclass
class Samples:
    """Samples of one reader.

    Attributes
    ----------
    inputs : what its weights multiply, (N, d), columns as in `weight.flatten(1)`; (0, d) where they are not asked for
    outputs : (N, n)
    added : the other side of the sum that follows, (N, n); None if there is none
    """

    inputs: Tensor
    outputs: Tensor
    added: Tensor | None = None


def record(
    model: nn.Module, readers: Sequence[Reader], images: Tensor, *, positions: int, seed: int, inputs: bool
) -> dict[str, Samples]:
    """Samples at up to `positions` output positions of each image, by the reader's name, as far as it ran once.

    images: (n, c, h, w). inputs: True to sample what readers read. The network is in evaluation mode afterwards.
    """
    recorder = _Recorder(readers, positions=positions, seed=seed, inputs=inputs)
    try:
        with torch.no_grad(), recorder:
            model.eval()(images)
    finally:
        recorder.remove()
    return {name: samples for name, samples in recorder.samples.items() if name not in recorder.repeated}


class _Recorder(TorchFunctionMode):
    def __init__(self, readers: Iterable[Reader], *, positions: int, seed: int, inputs: bool) -> None:
        super().__init__()
        self.samples: dict[str, Samples] = {}
        self.repeated: set[str] = set()
        self._positions, self._seed, self._inputs = positions, seed, inputs
        self._producers = Producers()
        self._readers = {reader.name: reader for reader in readers}
        self._chosen: dict[str, Tensor] = {}
        self._handles: list[Any] = []
        for name, reader in self._readers.items():
            self._handles.append(
                reader.layer.register_forward_hook(lambda _, given, out, name=name: self._ran(name, given[0], out))
            )
            self._handles.append(
                (reader.norm or reader.layer).register_forward_hook(
                    lambda _, __, out, name=name: self._producers.add(out, name)
                )
            )

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()

    def _ran(self, name: str, given: Tensor, output: Tensor) -> None:
        if name in self.samples:
            self.repeated.add(name)
            return
        layer = self._readers[name].layer
        rows = _positions(output, layer)
        self._chosen[name] = _draw(len(rows), rows.shape[1], self._positions, derive_seed(self._seed, name))
        read = _read(given, layer, len(rows)) if self._inputs else None
        empty = layer.weight.new_empty(0, layer.weight[0].numel())
        self.samples[name] = Samples(empty if read is None else self._pick(read, name), self._pick(rows, name))

    def _pick(self, rows: Tensor, name: str) -> Tensor:
        """Samples of (images, positions, channels): (N, channels)."""
        chosen = self._chosen[name].to(rows.device)[:, :, None].expand(-1, -1, rows.shape[2])
        return rows.gather(1, chosen).flatten(0, 1)

    def __torch_function__(
        self,
        function: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run any torch function. Both sides of a sum are looked at before, since a sum may work in place."""
        if function.__name__.rstrip("_") == "add" and not kwargs and all(isinstance(one, Tensor) for one in args):
            for side, other in (args, args[::-1]):
                self._add(self._producers.producer(side), side, other)
        return function(*args, **(kwargs or {}))

    def _add(self, name: str | None, side: Tensor, other: Tensor) -> None:
        if name is not None and other.shape == side.shape:
            self.samples[name].added = self._pick(_positions(other, self._readers[name].layer), name)


def _positions(output: Tensor, layer: nn.Module) -> Tensor:
    """An output, or what has its shape, as (images, positions, channels)."""
    if isinstance(layer, nn.Linear):
        return output.reshape(len(output), -1, output.shape[-1])
    return output.flatten(2).mT


def _read(given: Tensor, layer: nn.Conv2d | nn.Linear, images: int) -> Tensor:
    """What the weights of an output channel multiply at each position: (images, positions, d)."""
    if isinstance(layer, nn.Linear):
        return _positions(given, layer)
    found = patches(given, layer.weight, None, layer.stride, layer.padding, layer.dilation)
    return found.view(images, -1, found.shape[2])


def _draw(images: int, positions: int, count: int, seed: int) -> Tensor:
    """Up to `count` different positions for each image: int64 (images, count)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(images, positions, generator=generator).argsort(dim=1)[:, :count]
