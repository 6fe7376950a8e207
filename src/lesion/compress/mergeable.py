"""Where in a network units can be merged: the layers for it, their activations, and how a merge is written into it."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from lesion.compress.channels.find import find_channels
from lesion.compress.channels.sets import ChannelSet
from lesion.compress.computed import computed_weights
from lesion.compress.merging import Layer, Merge, Moments, Norm
from lesion.compress.units import find_units
from lesion.errors import InputError

log = logging.getLogger(__name__)

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(frozen=True)
class Reader:
    """A layer that reads the units.

    Attributes
    ----------
    layer, index : the layer, and which of its inputs each unit is, int64 (n, k)
    norm : the batch norm that follows it, if any
    """

    layer: nn.Module
    index: Tensor
    norm: nn.Module | None

    def takes_constants(self) -> bool:
        """True if a constant in place of a unit can be added after the layer, the same at all positions.

        Where zeros stand around the input, a constant would be missing at the border.
        """
        layer: Any = self.layer
        plain = type(layer).forward in {kind.forward for kind in (nn.Linear, *CONVOLUTIONS)}
        padded = not isinstance(layer, nn.Linear) and any(layer._reversed_padding_repeated_twice)
        shifts = layer.bias is not None or getattr(self.norm, "running_mean", None) is not None
        return plain and shifts and not padded

    def columns(self) -> Tensor:
        """The weights that read each unit: float64 (outputs, n, k, …)."""
        return self.layer.get_parameter("weight").detach().double()[:, self.index]

    def values(self, inputs: Tensor) -> Tensor:
        """What each unit is in an input of the layer: float64 (values, n)."""
        if isinstance(self.layer, nn.Linear):
            return inputs.double().flatten(0, -2)[:, self.index].transpose(1, 2).flatten(0, 1)
        return inputs.double().movedim(1, -1).flatten(0, -2)[:, self.index[:, 0]]

    def take(self, merge: Merge) -> None:
        """Read the units that stay instead of those that leave."""
        columns = self.columns()
        weight = self.layer.get_parameter("weight").detach()
        weight[:, self.index] = torch.einsum("oj...,ji->oi...", columns, merge.onto).to(weight.dtype)
        if merge.constant.any():
            shift = torch.einsum("oj...,j->o...", columns, merge.constant).flatten(1).sum(dim=1)
            if self.layer.bias is not None:
                self.layer.get_parameter("bias").detach().add_(shift)
            elif self.norm is not None:
                self.norm.get_buffer("running_mean").sub_(shift)


@dataclass(frozen=True)
class Mergeable:
    """Units that one layer computes and that other layers read, after a batch norm if there is one.

    Attributes
    ----------
    channels, model : where the units lie, in which network
    writer, norm : the layer that computes them, and its batch norm
    readers : the layers that read them
    """

    channels: ChannelSet
    model: nn.Module
    writer: nn.Module
    norm: nn.Module | None
    readers: tuple[Reader, ...]

    def layer(self, moments: Callable[[int], Moments]) -> Layer:
        """The units with the weights that the network has now. `moments`: number of images -> `Moments`."""
        rows = self.channels.writers[0].index[:, 0]

        def of(module: nn.Module, name: str) -> Tensor:
            found: Tensor = getattr(module, name)
            return found.detach().double()[rows]

        bias = of(self.writer, "bias") if self.writer.bias is not None else torch.zeros(len(rows), dtype=torch.float64)
        norm = None
        if isinstance(found := self.norm, _BatchNorm):
            deviation = (of(found, "running_var") + found.eps).sqrt()
            norm = Norm(of(found, "weight"), of(found, "bias"), of(found, "running_mean") - bias, deviation)
            bias = torch.zeros_like(bias)
        reading = torch.cat([reader.columns().transpose(0, 1).flatten(1) for reader in self.readers], dim=1)
        takes_constants = all(reader.takes_constants() for reader in self.readers)
        return Layer(of(self.writer, "weight").flatten(1), bias, norm, reading, takes_constants, moments)

    def write(self, merge: Merge) -> None:
        """Carry a merge out. The units that leave compute zero then, and nothing reads them."""
        for reader in self.readers:
            reader.take(merge)
        state = self.model.state_dict()  # shares memory
        for part in self.channels.writers + self.channels.followers:
            if not part.name.endswith("running_var"):
                state[part.name][part.index[~merge.kept].flatten()] = 0


def find_mergeable(model: nn.Module, inputs: Tensor, *, keep: Collection[str] = ()) -> list[Mergeable]:
    """All units that can be merged, layer by layer. `inputs`: (1, c, h, w); `keep`: layers that do not change.

    Channels that meet others in a sum are left out: what follows reads the sum, and not the activation of one unit,
    for which that of another could stand.

    Raises
    ------
    InputError
        If there are none.
    """
    network = _Network(model, inputs, keep)
    found, reasons = [], []
    for channels in find_channels(model, inputs):
        if reason := channels.fixed or network.reason(channels):
            reasons.append(f"{', '.join(part.name for part in channels.writers) or 'inputs'}: {reason}")
        else:
            found.append(network.mergeable(channels))
    log.info("units that are not merged: %s", "; ".join(reasons) or "none")
    if not found:
        raise InputError(f"merge: no units of this network can be merged ({'; '.join(reasons)})")
    return found


class _Network:
    """What is asked of a network while its channels are gone through."""

    def __init__(self, model: nn.Module, inputs: Tensor, keep: Collection[str]) -> None:
        self._model = model
        self._layers = {f"{path}.weight".lstrip("."): layer for path, layer in model.named_modules()}
        self._units = find_units(model, inputs)
        self._left = {f"{path}.weight".lstrip(".") for path in keep} | set(computed_weights(model, inputs))

    def norm(self, weight: str) -> nn.Module | None:
        """The batch norm that belongs to the layer of a weight, if any."""
        return self._units[weight].norm

    def mergeable(self, channels: ChannelSet) -> Mergeable:
        """The units of a set without a `reason`."""
        writer = channels.writers[0].name
        readers = tuple(Reader(self._layers[part.name], part.index, self.norm(part.name)) for part in channels.readers)
        return Mergeable(channels, self._model, self._layers[writer], self.norm(writer), readers)

    def reason(self, channels: ChannelSet) -> str:
        """Why the channels of a set cannot be merged, though they may leave; empty if they can."""
        parts = channels.writers + channels.readers
        if self._left.intersection(part.name for part in parts):
            return "they are kept"
        if len(channels.writers) != 1:
            return "several layers add up to them"
        if channels.size < 2 or not channels.readers:
            return "there is no other, or nothing reads them"
        if not all(self._plain(part.name) for part in parts) or channels.writers[0].index.shape[1] != 1:
            return "a layer that computes or reads them is no linear layer or convolution of one group"
        if not all(self._belongs(part.name, channels.writers[0].name) for part in channels.followers):
            return "they pass through more than a batch norm and an activation function"
        return ""

    def _plain(self, weight: str) -> bool:
        layer: Any = self._layers.get(weight)
        return isinstance(layer, nn.Linear) or (isinstance(layer, CONVOLUTIONS) and layer.groups == 1)

    def _belongs(self, tensor: str, writer: str) -> bool:
        """True for the bias of the writer, and for a tensor of its batch norm."""
        path, _, attribute = tensor.rpartition(".")
        owner, norm = self._model.get_submodule(path), self.norm(writer)
        if owner is self._layers[writer]:
            return attribute == "bias"
        return isinstance(norm, _BatchNorm) and owner is norm and norm.running_mean is not None


def measure_moments(model: nn.Module, units: Sequence[Mergeable], batches: Iterable[Tensor]) -> list[Moments]:
    """The moments of the activations of all `units` while the network runs on `batches`, float32 (n, c, h, w) each.

    Raises
    ------
    InputError
        If a layer that reads units is never called, since another module reads its weight.
    """
    sums = [torch.zeros(each.channels.size, each.channels.size, dtype=torch.float64) for each in units]
    totals = [torch.zeros(each.channels.size, dtype=torch.float64) for each in units]
    counts = [0] * len(units)

    def add(place: int, reader: Reader, inputs: Tensor) -> None:
        values = reader.values(inputs)
        sums[place] += values.T @ values
        totals[place] += values.sum(dim=0)
        counts[place] += len(values)

    handles = [
        reader.layer.register_forward_pre_hook(lambda _, args, place=place, reader=reader: add(place, reader, args[0]))
        for place, each in enumerate(units)
        for reader in each.readers
    ]
    try:
        with torch.no_grad():
            for inputs in batches:
                model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    for each, count in zip(units, counts, strict=True):
        if not count:
            readers = ", ".join(part.name for part in each.channels.readers)
            raise InputError(f"merge: the activations that {readers} reads cannot be measured; `keep` leaves them out")
    return [
        Moments(total / count, products / count) for total, products, count in zip(totals, sums, counts, strict=True)
    ]
