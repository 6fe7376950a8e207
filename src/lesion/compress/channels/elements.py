"""Rules for functions of elements, and for operations that move, join or pool elements."""

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from lesion.compress.channels.ledger import NONE, OPAQUE, along, spread
from lesion.compress.channels.trace import Operation, Trace

UNARY = frozenset({
    "_to_copy", "abs", "add", "alias", "celu", "clamp", "clamp_min", "clone", "contiguous", "detach", "div",
    "dropout", "elu", "erf", "exp", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "lift_fresh",
    "log1p", "mish", "mul", "native_dropout", "neg", "pow", "relu", "rsqrt", "rsub", "sigmoid", "silu",
    "softplus", "sqrt", "sub", "tanh",
})  # fmt: skip
"""Operations on one tensor, or on a tensor and a number, that act on each element alone."""

BINARY = frozenset({"add", "sub", "mul", "div", "rsub", "maximum", "minimum"})
"""Operations on two tensors, element by element."""

MOVES = frozenset({
    "cat", "expand", "flip", "permute", "repeat", "roll", "squeeze", "stack", "t", "transpose", "unsqueeze",
})  # fmt: skip
"""Operations that copy elements to other places."""

PICKS = {"slice": 1, "select": 1, "narrow": 1, "index_select": 1, "unbind": 1, "split": 2, "split_with_sizes": 2}
"""Operations that part a tensor along a dimension -> the place of the dimension among the arguments; 0 if left out."""

POOLS = frozenset({
    "_adaptive_avg_pool2d", "avg_pool2d", "max_pool2d_with_indices", "upsample_bicubic2d",
    "upsample_bilinear2d", "upsample_nearest2d",
})  # fmt: skip
"""Operations that combine positions and keep the channels of dimension 1."""

REDUCTIONS = frozenset({"mean", "sum", "amax"})


def unchanged(trace: Trace, operation: Operation) -> Tensor:
    """A function of each element alone."""
    return trace.labels(operation.tensors[0])


def combined(trace: Trace, operation: Operation) -> Tensor:
    """A function of two tensors, element by element: their channels are tied.

    One that acts on several channels, as a map of attention over positions, is fixed.
    """
    one, other = operation.tensors
    shape = operation.output.shape
    sides = [_padded_shape(_operand(trace, *pair), len(shape)) for pair in ((one, other), (other, one))]
    left, right = (_alone(trace, *pair).expand(shape) for pair in (sides, sides[::-1]))
    trace.ledger.tie(left, right)
    both = torch.maximum(left, right)
    return torch.where((both == NONE) & (torch.minimum(left, right) == OPAQUE), OPAQUE, both)


def _operand(trace: Trace, tensor: Tensor, other: Tensor) -> Tensor:
    """Labels of one side; a parameter has no channels of its own and follows those of the `other` side."""
    if (name := trace.name(tensor)) is None:
        return trace.labels(tensor)
    theirs = trace.labels(other)
    for dim, size in enumerate(tensor.shape):
        place = dim + theirs.dim() - tensor.dim()
        if place >= 0 and size == theirs.shape[place] and varies(theirs, place):
            trace.ledger.add(name, dim, "follower", along(theirs, place, trace.ledger, "a parameter mixes channels"))
    return torch.full(tensor.shape, NONE)


def _padded_shape(labels: Tensor, dims: int) -> Tensor:
    return labels.view([1] * (dims - labels.dim()) + [*labels.shape])


def _alone(trace: Trace, labels: Tensor, other: Tensor) -> Tensor:
    """`labels`; opaque if one of them acts on several channels of `other`, which has as many dimensions."""
    for dim, size in enumerate(labels.shape):
        if size == 1 < other.shape[dim] and varies(other, dim) and bool((labels >= 0).any()):
            trace.ledger.fix(labels, "one channel acts on several")
            return torch.full_like(labels, OPAQUE)
    return labels


def varies(labels: Tensor, dim: int) -> bool:
    """True if labels are not the same along `dim`."""
    return bool((labels != labels.narrow(dim, 0, 1)).any())


def moved(trace: Trace, operation: Operation) -> Any:
    """The labels go where the elements go."""
    args = [_labels_of(trace, one) for one in operation.args]
    return operation.function(*args, **operation.named)


def _labels_of(trace: Trace, argument: Any) -> Any:
    if isinstance(argument, Tensor):
        return trace.labels(argument)
    if isinstance(argument, list | tuple) and any(isinstance(one, Tensor) for one in argument):
        return [trace.labels(one) for one in argument]
    return argument


def picked(trace: Trace, operation: Operation) -> Any:
    """As `moved`. Channels that are parted are fixed, since the network's code says at which places."""
    place, labels = PICKS[operation.name], trace.labels(operation.args[0])
    dim = operation.args[place] if len(operation.args) > place else operation.named.get("dim", 0)
    if varies(labels, dim) and not _whole(operation, labels):
        trace.ledger.fix(labels, "channels are split at fixed places")
    return operation.function(labels, *operation.args[1:], **operation.named)


def _whole(operation: Operation, labels: Tensor) -> bool:
    return isinstance(operation.output, Tensor) and operation.output.shape == labels.shape


def padded(trace: Trace, operation: Operation) -> Tensor:
    """Padding has no channel, also where it stands for channels that a shortcut does not have.

    If it has channels before and after the old ones it is opaque: how many leave on which side would not be known.
    """
    x, pad = operation.args[:2]
    labels = trace.labels(x)
    around = any(
        before and after and varies(labels, -1 - place)
        for place, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True))
    )
    padded: Tensor = operation.function(labels, pad, OPAQUE if around else NONE)
    return padded


def viewed(trace: Trace, operation: Operation) -> Tensor:
    """The same elements in another shape. Channels that are parted are fixed, as in `picked`."""
    labels, shape = trace.labels(operation.args[0]), operation.output.shape
    for dims, parts in _factors(labels.shape, shape):
        if sum(part > 1 for part in parts) > 1 and any(varies(labels, dim) for dim in dims):
            trace.ledger.fix(labels, "a view parts channels")
    return labels.reshape(shape)


def _factors(before: Sequence[int], after: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Dimensions of `before` and sizes of `after` that have the same product, in order, as few together as can be.

    Dimensions of size 1 at the end may be left out.
    """
    found: list[tuple[list[int], list[int]]] = []
    dim = place = 0
    while dim < len(before) and place < len(after):
        dims, parts = [dim], [after[place]]
        dim, place = dim + 1, place + 1
        while (left := prod(before[one] for one in dims)) != (right := prod(parts)):
            if left < right:
                dims.append(dim)
                dim += 1
            else:
                parts.append(after[place])
                place += 1
        found.append((dims, parts))
    return found


def pooled(trace: Trace, operation: Operation) -> Tensor:
    """A pooling or resampling of the positions of each channel."""
    channels = along(trace.labels(operation.args[0]), 1, trace.ledger, "a pooling mixes channels")
    return spread(channels, operation.output.shape, 1)


def reduced(trace: Trace, operation: Operation) -> Tensor:
    """A mean, sum or maximum over dimensions. Channels that it combines are fixed."""
    labels = trace.labels(operation.args[0])
    dims = operation.args[1] if len(operation.args) > 1 else []
    over = [*dims] if dims else [*range(labels.dim())]
    keep = len(operation.args) > 2 and operation.args[2]
    low, high = labels.amin(dim=over, keepdim=keep), labels.amax(dim=over, keepdim=keep)
    mixed = low != high
    if mixed.any():
        trace.ledger.fix(labels, f"{operation.name} combines channels")
    return torch.where(mixed, OPAQUE, high)
