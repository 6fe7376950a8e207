"""Rules for layers with weights: labels of their inputs -> labels of their outputs."""

import torch
from torch import Tensor

from lesion.compress.channels.ledger import OPAQUE, Ledger, along, spread
from lesion.compress.channels.trace import Operation, Trace

MIXED = "a layer reads other channels at other positions"
COMPUTED = "a layer computes its weight"


def convolution(trace: Trace, operation: Operation) -> Tensor:
    """New channels, or those of the input if the convolution is depthwise."""
    x, weight, bias, _, _, _, transposed, _, groups = operation.args
    ledger, name = trace.ledger, trace.name(weight)
    read = along(trace.labels(x), 1, ledger, MIXED)
    if name is None or transposed:
        ledger.fix(read, COMPUTED if name is None else "a transposed convolution reads it")
        return torch.full(operation.output.shape, OPAQUE)
    if groups == len(read) > 1:
        written = read.repeat_interleave(len(weight) // groups)
        ledger.add(name, 0, "follower", written)
    else:
        written = ledger.new(len(weight))
        ledger.add(name, 0, "writer", written)
        _tie_groups(ledger, written, groups)
        _tie_groups(ledger, read, groups)
        ledger.add(name, 1, "reader", read[: len(read) // groups])
    follow(trace, bias, written)
    return spread(written, operation.output.shape, 1)


def _tie_groups(ledger: Ledger, labels: Tensor, groups: int) -> None:
    """Tie the j-th channels of all groups: each group loses the same channels."""
    first, *others = labels.view(groups, -1)
    for part in others:
        ledger.tie(first, part)


def linear(trace: Trace, operation: Operation) -> Tensor:
    """New channels for x · weightᵀ + bias, where x is (n, inputs)."""
    bias, x, weight = operation.args if operation.name == "addmm" else (None, *operation.args)
    ledger, name = trace.ledger, trace.transposed_name(weight)
    read = along(trace.labels(x), 1, ledger, MIXED)
    if name is None:
        ledger.fix(read, COMPUTED)
        return torch.full(operation.output.shape, OPAQUE)
    written = ledger.new(operation.output.shape[1])
    ledger.add(name, 0, "writer", written)
    ledger.add(name, 1, "reader", read)
    follow(trace, bias, written)
    return spread(written, operation.output.shape, 1)


def batch_norm(trace: Trace, operation: Operation) -> Tensor:
    """The channels of the input, which scale, bias, mean and variance follow."""
    x, *tensors = operation.args[:5]
    labels = trace.labels(x)
    channels = along(labels, 1, trace.ledger, MIXED)
    for tensor in tensors:
        follow(trace, tensor, channels)
    return labels


def follow(trace: Trace, tensor: Tensor | None, channels: Tensor) -> None:
    """Note that a vector has an entry for each channel; channels are fixed if it is no parameter or buffer."""
    if tensor is None:
        return
    if (name := trace.name(tensor)) is None:
        trace.ledger.fix(channels, COMPUTED)
    else:
        trace.ledger.add(name, 0, "follower", channels)
