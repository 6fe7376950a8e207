"""Reconstruction of a network, layer by layer (He et al., arXiv 1707.06168, section 3.2)."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lesion.compress.channels.sets import ChannelSet
from lesion.compress.reconstruction.problem import Problem
from lesion.compress.reconstruction.record import Reader, Samples, record
from lesion.compress.units import find_units
from lesion.seeds import derive_seed

log = logging.getLogger(__name__)

Solver = Callable[[Problem], tuple[Tensor, Tensor, Tensor]]
"""A problem -> the channels that are kept, bool (c,), and the weight and bias with which they are read."""


@dataclass(frozen=True)
class Read:
    """Channels that one layer computes and one layer reads."""

    channels: ChannelSet
    reader: Reader


def find_reads(model: nn.Module, sets: Iterable[ChannelSet], inputs: Tensor) -> list[Read]:
    """The sets of `sets` that reconstruction can prune, in their order, with their readers.

    Those are sets that can leave, with one writer and one reader, which is a plain convolution of one group with a
    padding of zeros, or a plain linear layer. inputs: (n, c, h, w); one image is enough.
    """
    units = find_units(model, inputs)
    found = []
    for channels in sets:
        if channels.fixed or len(channels.writers) != 1 or len(channels.readers) != 1:
            continue
        name = channels.readers[0].name
        layer = model.get_submodule(name.rpartition(".")[0])
        if _plain(layer):
            norm = units[name].norm if name in units else None
            tracked = norm if getattr(norm, "running_mean", None) is not None else None
            found.append(Read(channels, Reader(name, layer, tracked)))  # type: ignore[arg-type]
    return found


def _plain(layer: nn.Module) -> bool:
    if type(layer).forward is nn.Linear.forward:
        return True
    return isinstance(layer, nn.Conv2d) and (
        type(layer).forward is nn.Conv2d.forward and layer.groups == 1 and layer.padding_mode == "zeros"
    )


@torch.no_grad()
def reconstruct(
    model: nn.Module,
    reads: Sequence[Read],
    batches: Callable[[], Iterable[Tensor]],
    *,
    positions: int,
    seed: int,
    solve: Solver,
) -> None:
    """Take channels from a network, set by set, and fit each reader's weight to what it gave before the first.

    Its inputs are those of the network as it is when its set has its turn, so that it makes up for the errors of the
    layers before. So does the last layer of a residual branch for the errors of the shortcut: wanted is what the sum
    was, less what the shortcut is now (Y₁ − Y₁′ + Y₂, section 3.3). Errors count after the reader's batch norm.
    Channels that leave are zero in all their slices.

    Parameters
    ----------
    batches : the same images each time that it is called, in batches (n, c, h, w)
    positions : number of output positions that are sampled in each image
    """
    readers = [read.reader for read in reads]
    wanted = [
        _after_norm(record(model, readers, images, positions=positions, seed=_seed(seed, part), inputs=False), readers)
        for part, images in enumerate(batches())
    ]
    for read in reads:
        if any(read.reader.name not in part for part in wanted):
            continue  # it does not run as a layer, or more than once

        def samples(reader: Reader = read.reader) -> Iterator[tuple[Tensor, Tensor]]:
            for part, images in enumerate(batches()):
                now = record(model, [reader], images, positions=positions, seed=_seed(seed, part), inputs=True)
                before, found = wanted[part][reader.name], now[reader.name]
                drift = 0.0 if before.added is None or found.added is None else before.added - found.added
                yield found.inputs, before.outputs + drift

        found = problem(model, read, samples())
        kept, weight, bias = solve(found)
        if found.samples < 2 * (fitted := int(kept.sum()) * found.channels.shape[1]):
            log.warning(
                "%s: %d samples for the %d weights of an output; a fit needs more images or positions",
                read.reader.name, found.samples, fitted,
            )  # fmt: skip
        write(model, read, kept, weight, bias)


def _seed(seed: int, part: int) -> int:
    return derive_seed(seed, "positions", part)


def _after_norm(found: dict[str, Samples], readers: Iterable[Reader]) -> dict[str, Samples]:
    """Outputs as they are after the batch norm, but for the constant that it adds."""
    for reader in readers:
        if reader.name in found:
            samples = found[reader.name]
            samples.outputs = _scale(reader) * (samples.outputs - _mean(reader))
    return found


def _scale(reader: Reader) -> Tensor:
    """What the batch norm multiplies each output with, (n,); ones without a norm."""
    norm = reader.norm
    if norm is None or norm.running_var is None:
        return torch.ones(len(reader.layer.weight))
    scale: Tensor = (norm.running_var + norm.eps).rsqrt()
    return scale if norm.weight is None else norm.weight * scale


def _mean(reader: Reader) -> Tensor:
    norm = reader.norm
    return torch.zeros(len(reader.layer.weight)) if norm is None or norm.running_mean is None else norm.running_mean


def _bias(reader: Reader) -> Tensor:
    return torch.zeros(len(reader.layer.weight)) if reader.layer.bias is None else reader.layer.bias


@torch.no_grad()
def problem(model: nn.Module, read: Read, samples: Iterable[tuple[Tensor, Tensor]]) -> Problem:
    """The problem of a reader and its batch norm as one layer. samples: inputs (N, d) and wanted outputs (N, n)."""
    reader, scale = read.reader, _scale(read.reader)
    weight = reader.layer.weight
    kernel = weight[0, 0].numel()
    index = read.channels.readers[0].index
    (writer,) = read.channels.writers
    filters = model.get_parameter(writer.name)[writer.index]  # a head of attention has several rows
    return Problem.of(
        samples,
        weight=scale[:, None] * weight.flatten(1),
        bias=scale * (_bias(reader) - _mean(reader)),
        channels=(index[:, :, None] * kernel + torch.arange(kernel)).flatten(1),
        filters=filters.abs().flatten(1).sum(dim=1),
        free_bias=reader.norm is not None or reader.layer.bias is not None,
    )


def write(model: nn.Module, read: Read, kept: Tensor, weight: Tensor, bias: Tensor) -> None:
    """Put a solution into the network. Outputs that the batch norm multiplies by zero keep their weights.

    A constant goes to the running mean of the batch norm, else to the bias.
    """
    reader, scale = read.reader, _scale(read.reader).double()
    layer, used = reader.layer, scale != 0
    weight, bias = (weight[used] / scale[used, None]).float(), (bias[used] / scale[used]).float()
    layer.weight[used] = weight.view(-1, *layer.weight.shape[1:])
    if reader.norm is not None and reader.norm.running_mean is not None:
        reader.norm.running_mean[used] = _bias(reader)[used] - bias
    elif layer.bias is not None:
        layer.bias.copy_(bias)
    parameters = dict(model.named_parameters())
    for part in read.channels.slices:
        if part.name in parameters:
            parameters[part.name].index_fill_(part.dim, part.index[~kept].flatten(), 0.0)
