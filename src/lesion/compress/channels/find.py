"""The sets of tied channels of a network, found by running it once."""

from collections import defaultdict
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lesion.compress.channels import rules
from lesion.compress.channels.heads import operation_by_operation
from lesion.compress.channels.ledger import Ledger
from lesion.compress.channels.sets import ChannelSet, Slice
from lesion.compress.channels.trace import Trace
from lesion.compress.channels.trial import tried


def find_channels(model: nn.Module, inputs: Tensor) -> list[ChannelSet]:
    """All channels of a network, in sets of those with the same layout, in order of the first writer.

    Two channels have the same layout if they have as many entries along the same dimensions of the same tensors, and
    the same reason to stay. Channels are tied if they meet in a sum or product of activations, if a depthwise
    convolution computes one from the other, or if they stand at the same place of two groups of a grouped convolution.

    Parameters
    ----------
    model : is run in evaluation mode, and left in the mode it was in
    inputs : (n, c, h, w), or whatever the network takes; one example is enough
    """
    trace, was = Trace(model, inputs, rules.find, rules.MOVING), model.training
    try:
        with torch.no_grad(), operation_by_operation(), trace:
            output = model.eval()(inputs)
    finally:
        model.train(was)
    trace.ledger.fix(trace.labels(output), "the network's output")
    trace.ledger.close()
    return tried(model, inputs, *_sets(trace.ledger))


class _Layout(NamedTuple):
    """Where a channel lies: tensor, dimension, role and number of entries; why it is fixed; if it is a head."""

    places: tuple[tuple[str, int, str, int], ...]
    fixed: str
    heads: bool


def _sets(ledger: Ledger) -> tuple[list[ChannelSet], list[str]]:
    """All sets, and of each what the network's code may not do with fewer channels, empty if nothing."""
    places: dict[int, dict[tuple[str, int, str], list[int]]] = defaultdict(dict)
    for entry in ledger.entries:
        for position, label in enumerate(entry.labels.tolist()):
            if label >= 0:
                key = (entry.name, entry.dim, entry.role)
                places[ledger.root(label)].setdefault(key, []).append(position)
    reasons, doubts, heads = ledger.reasons(), ledger.doubts(), ledger.heads()
    alike: dict[_Layout, list[dict[tuple[str, int, str], list[int]]]] = defaultdict(list)
    doubtful: dict[_Layout, str] = {}
    for root in sorted(places):
        found = places[root]
        layout = tuple((*key, len(positions)) for key, positions in found.items())
        whole = _Layout(layout, reasons.get(root, ""), root in heads)
        alike[whole].append(found)
        doubtful[whole] = doubtful.get(whole) or doubts.get(root, "")
    return [_set(layout, channels) for layout, channels in alike.items()], [doubtful[layout] for layout in alike]


def _set(layout: _Layout, channels: list[dict[tuple[str, int, str], list[int]]]) -> ChannelSet:
    def slices(role: str) -> tuple[Slice, ...]:
        return tuple(
            Slice(name, dim, torch.tensor([channel[name, dim, part] for channel in channels]))
            for name, dim, part, _ in layout.places
            if part == role
        )

    return ChannelSet(len(channels), slices("writer"), slices("follower"), slices("reader"), layout.fixed, layout.heads)
