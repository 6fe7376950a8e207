"""Rules for operations that move elements: the labels go where the elements go.

The network's code may say how many channels it parts, pads or shuffles. Such channels are doubtful (`Ledger.doubt`).
"""

from collections.abc import Sequence
from math import prod
from typing import Any

from torch import Tensor

from lesion.compress.channels.ledger import NONE, OPAQUE, Parting, varies
from lesion.compress.channels.operation import Operation
from lesion.compress.channels.parameters import beside, follow_elements
from lesion.compress.channels.trace import Trace

VIEWS = frozenset({"view", "_unsafe_view", "reshape"})
"""Operations that give the same elements another shape."""

MOVES = frozenset({
    "cat", "expand", "flip", "permute", "repeat", "roll", "squeeze", "stack", "t", "transpose", "unsqueeze",
})  # fmt: skip
"""Operations that copy elements to other places."""

PICKS = {"slice": 1, "select": 1, "narrow": 1, "index_select": 1, "unbind": 1, "split": 2, "split_with_sizes": 2}
"""Operations that part a tensor along a dimension -> the place of the dimension among the arguments; 0 if left out."""

PARTED = "a split in the network's code holds their number"
VIEWED = "a view in the network's code holds their number"
PADDED = "a padding in the network's code holds their number"


def moved(trace: Trace, operation: Operation) -> Any:
    """The labels go where the elements go."""
    labels = [_labels_of(trace, one) for one in operation.args]
    return operation.function(*labels, **operation.named)


def _labels_of(trace: Trace, argument: Any) -> Any:
    if isinstance(argument, Tensor):
        return trace.labels(argument)
    if isinstance(argument, list | tuple) and any(isinstance(one, Tensor) for one in argument):
        return [trace.labels(one) for one in argument]
    return argument


def joined(trace: Trace, operation: Operation) -> Tensor:
    """A concatenation. A parameter beside channels, as the class token of a transformer, has an entry for each."""
    tensors = operation.args[0]
    dim = operation.args[1] if len(operation.args) > 1 else 0
    labels = [trace.labels(tensor) for tensor in tensors]
    known = next(one for one in labels if bool((one >= 0).any()) or one is labels[-1])
    for place, tensor in enumerate(tensors):
        if trace.followed(tensor) or not tensor.numel():
            continue
        labels[place] = beside(known, tensor.shape, dim)
        follow_elements(trace, tensor, labels[place])
    found: Tensor = operation.function(labels, *operation.args[1:], **operation.named)
    return found


def picked(trace: Trace, operation: Operation) -> Any:
    """As `moved`. Channels that are parted are fixed, unless parts of the same size lose the same channels."""
    place, labels = PICKS[operation.name], trace.labels(operation.args[0])
    dim = operation.args[place] if len(operation.args) > place else operation.named.get("dim", 0)
    found = operation.function(labels, *operation.args[1:], **operation.named)
    if varies(labels, dim) and not _whole(found, labels):
        parts = found if isinstance(found, list | tuple) else []
        if operation.name == "split" and len({part.shape for part in parts}) == 1:
            for part in parts[1:]:
                trace.ledger.tie(parts[0], part)
            trace.ledger.doubt(labels, PARTED)
        else:
            trace.ledger.part(Parting(labels, (dim,), 0, PARTED))
    return found


def _whole(found: Any, labels: Tensor) -> bool:
    return isinstance(found, Tensor) and found.shape == labels.shape


def padded(trace: Trace, operation: Operation) -> Tensor:
    """What is padded around an image belongs to its channel; what stands for channels of a shortcut has none.

    If there are such channels before and after the old ones they are opaque: how many leave on which side would not be
    known.
    """
    x, pad = operation.args[:2]
    labels = trace.labels(x)
    for place, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True)):
        one = [*[0] * (2 * place), before, after]
        dim = labels.dim() - 1 - place
        if not (varies(labels, dim) or (dim == 1 and labels.shape[dim] == 1)):  # one channel is one, too
            size = labels.shape[dim] + before + after
            labels = labels.narrow(dim, 0, 1).expand(*labels.shape[:dim], size, *labels.shape[dim + 1 :])
        elif before or after:
            trace.ledger.doubt(labels, PADDED)
            labels = operation.function(labels, one, OPAQUE if before and after else NONE)
    return labels.contiguous()


def viewed(trace: Trace, operation: Operation) -> Tensor:
    """The same elements in another shape. Of dimensions that part channels one alone may tell channels apart."""
    labels, shape = trace.labels(operation.args[0]), operation.output.shape
    found = labels.reshape(shape)
    if len(shape) == 2 < labels.dim() - 1 and varies(found, 1):  # for a linear layer, whose inputs may be counted
        trace.ledger.doubt(found, VIEWED)
    first = 0
    for parts in _factors(labels.shape, shape):
        dims = tuple(range(first, first + len(parts)))
        first += len(parts)
        if sum(varies(found, dim) for dim in dims) > 1:
            trace.ledger.part(Parting(found, dims, 1, VIEWED))
    return found


def _factors(before: Sequence[int], after: Sequence[int]) -> list[list[int]]:
    """Sizes of `after` whose product is that of neighbouring sizes of `before`, in order, as few together as can be.

    Dimensions of size 1 at the end may be left out.
    """
    found: list[list[int]] = []
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
        found.append(parts)
    return found
