"""Rules for functions of elements, and for operations that combine positions."""

import torch
from torch import Tensor

from lesion.compress.channels.ledger import NONE, OPAQUE, along, spread, varies
from lesion.compress.channels.operation import Operation
from lesion.compress.channels.parameters import follow_elements, for_parameter
from lesion.compress.channels.trace import Trace

UNARY = frozenset({
    "_to_copy", "abs", "add", "alias", "celu", "clamp", "clamp_min", "clone", "contiguous", "detach", "div",
    "dropout", "elu", "erf", "exp", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "lift_fresh",
    "log1p", "mish", "mul", "native_dropout", "neg", "pow", "relu", "rsqrt", "rsub", "sigmoid", "silu",
    "softplus", "sqrt", "sub", "tanh",
})  # fmt: skip
"""Operations on one tensor, or on a tensor and a number, that act on each element alone."""

BINARY = frozenset({"add", "sub", "mul", "div", "rsub", "maximum", "minimum"})
"""Operations on two tensors, element by element."""

POOLS = frozenset({
    "_adaptive_avg_pool2d", "avg_pool2d", "max_pool2d_with_indices", "upsample_bicubic2d",
    "upsample_bilinear2d", "upsample_nearest2d",
})  # fmt: skip
"""Operations that combine positions and keep the channels of dimension 1."""

REDUCTIONS = frozenset({"mean", "sum", "amax"})

CROSSED = "layers act on positions as on channels"


def unchanged(trace: Trace, operation: Operation) -> Tensor:
    """A function of each element alone."""
    return trace.labels(operation.tensors[0])


def laid_out(trace: Trace, operation: Operation) -> Tensor:
    """Strides in memory, as pooling sets those of channels-last: the same elements, if in the same order."""
    labels, output = trace.labels(operation.args[0]), operation.output
    if output is operation.args[0] and labels.shape == output.shape and output.squeeze().is_contiguous():
        return labels
    trace.ledger.fix(labels, "an operation addresses memory")
    return torch.full(operation.output.shape, OPAQUE)


def combined(trace: Trace, operation: Operation) -> Tensor:
    """A function of two tensors, element by element: their channels are tied.

    One that acts on several channels, as a map of attention over positions, is fixed.
    """
    shape, (one, other) = operation.output.shape, operation.tensors
    sides = [_padded_shape(_operand(trace, *pair), len(shape)) for pair in ((one, other), (other, one))]
    left, right = (_alone(trace, *pair).expand(shape) for pair in (sides, sides[::-1]))
    if _crosswise(left, right):
        for side in (left, right):
            trace.ledger.fix(side, CROSSED)
        return left
    trace.ledger.tie(left, right)
    both = torch.maximum(left, right)
    return torch.where((both == NONE) & (torch.minimum(left, right) == OPAQUE), OPAQUE, both)


def _operand(trace: Trace, tensor: Tensor, other: Tensor) -> Tensor:
    """Labels of one side; what does not depend on the input has no channels and follows those of the `other` side."""
    if not trace.followed(tensor) and tensor.numel() > 1:
        follow_elements(trace, tensor, for_parameter(trace.labels(other), tensor.shape))
    return trace.labels(tensor)


def _crosswise(left: Tensor, right: Tensor) -> bool:
    """True if one side tells channels apart along other dimensions than the other side."""
    one, other = ({dim for dim in range(side.dim()) if varies(side, dim)} for side in (left, right))
    return bool(one) and bool(other) and not one & other and bool((left >= 0).any()) and bool((right >= 0).any())


def accumulated(trace: Trace, operation: Operation) -> Tensor:
    """The sum x + y · z, element by element."""
    x, y, z = operation.args[:3]
    product = torch.empty(torch.broadcast_tensors(y, z)[0].shape)  # type: ignore[no-untyped-call]
    labels = combined(trace, operation._replace(args=(y, z), output=product))
    trace.keep(product, labels)
    return combined(trace, operation._replace(args=(x, product)))


def _padded_shape(labels: Tensor, dims: int) -> Tensor:
    return labels.view([1] * (dims - labels.dim()) + [*labels.shape])


def _alone(trace: Trace, labels: Tensor, other: Tensor) -> Tensor:
    """`labels`; opaque if one of them acts on several channels of `other`, which has as many dimensions."""
    for dim, size in enumerate(labels.shape):
        if size == 1 < other.shape[dim] and varies(other, dim) and bool((labels >= 0).any()):
            trace.ledger.fix(labels, "one channel acts on several")
            return torch.full_like(labels, OPAQUE)
    return labels


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
