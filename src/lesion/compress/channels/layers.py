"""Rules for layers with weights: labels of their inputs -> labels of their outputs."""

import torch
from torch import Tensor

from lesion.compress.channels.ledger import OPAQUE, Ledger, along, spread, varies
from lesion.compress.channels.operation import Operation
from lesion.compress.channels.parameters import follow_elements, for_parameter
from lesion.compress.channels.trace import Trace

BATCH_NORMS = frozenset({"native_batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm"})
"""Batch norms in evaluation mode."""

MIXED = "a layer reads other channels at other positions"
COMPUTED = "a layer standardises its weight, or computes it otherwise"


def convolution(trace: Trace, operation: Operation) -> Tensor:
    """New channels, or those of the input if the convolution is depthwise."""
    x, weight, bias, _, _, _, transposed, _, groups = operation.args
    ledger, name = trace.ledger, trace.name(weight)
    read = along(trace.labels(x), 1, ledger, MIXED)
    if transposed:
        ledger.fix(read, "a transposed convolution reads it")
        return torch.full(operation.output.shape, OPAQUE)
    if name is None:
        return spread(_computed(trace, weight, read), operation.output.shape, 1)
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


def _computed(trace: Trace, weight: Tensor, read: Tensor) -> Tensor:
    """New channels of a weight that is no parameter. They are fixed, and so are those that it reads."""
    written = trace.ledger.new(len(weight))
    for labels in (read, written):
        trace.ledger.fix(labels, COMPUTED)
    name = trace.origins.computed(weight)
    if name is not None and trace.origins.shape(name) == weight.shape:
        trace.ledger.add(name, 0, "writer", written)
    return written


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
        return spread(_computed(trace, weight.t(), read), operation.output.shape, 1)
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


def layer_norm(trace: Trace, operation: Operation) -> Tensor:
    """Mean and variance over channels depend on how many there are."""
    x, shape, *tensors = operation.args[:4]
    labels = trace.labels(x)
    if any(varies(labels, -1 - dim) for dim in range(len(shape))):
        trace.ledger.fix(labels, "a layer norm over the channels")
    for tensor in tensors:
        if tensor is not None:
            follow_elements(trace, tensor, for_parameter(labels, tensor.shape))
    return labels


def group_norm(trace: Trace, operation: Operation) -> Tensor:
    """As `layer_norm`, unless each channel is a group."""
    x, weight, bias, _, channels, _, groups = operation.args[:7]
    labels = trace.labels(x)
    along_channels = along(labels, 1, trace.ledger, MIXED)
    if groups < channels:
        trace.ledger.fix(labels, "a group norm over channels")
    else:
        trace.ledger.doubt(labels, "a group norm holds their number")
    for tensor in (weight, bias):
        follow(trace, tensor, along_channels)
    return labels


def follow(trace: Trace, tensor: Tensor | None, channels: Tensor) -> None:
    """Note that a vector has an entry for each channel."""
    if tensor is not None:
        follow_elements(trace, tensor, channels)
