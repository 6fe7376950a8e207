"""Parameters that meet activations element by element: which of their entries belong to which channels."""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from lesion.compress.channels.ledger import NONE, varies
from lesion.compress.channels.trace import Trace

MIXED = "a parameter has one entry for several channels"
UNNAMED = "a tensor that is not stored has an entry for each channel"


def follow_elements(trace: Trace, tensor: Tensor, labels: Tensor) -> None:
    """Note which entries of the parameters in `tensor` belong to which channels.

    tensor : no activation; labels : int64 in its shape, negative where an element belongs to no channel alone
    """
    if not bool((labels >= 0).any()):
        return
    if (parts := trace.origins.parts(tensor)) is None:
        trace.ledger.fix(labels, UNNAMED)
        return
    flat = labels.flatten()
    for name, shape, places, chosen in parts:
        known = flat[chosen] >= 0
        if known.any():
            _follow(trace, name, shape, places[known], flat[chosen][known])


def _follow(trace: Trace, name: str, shape: Sequence[int], places: Tensor, labels: Tensor) -> None:
    """Find the dimension of a parameter whose entries belong to different channels; (n,) places in it and labels."""
    labels = trace.ledger.roots(labels)
    if not trace.stored(name):
        trace.ledger.fix(labels, UNNAMED)
        return
    for dim in sorted(range(len(shape)), key=lambda dim: shape[dim] == 1):
        index = places // prod(shape[dim + 1 :]) % shape[dim]
        high = torch.full((shape[dim],), NONE).scatter_reduce_(0, index, labels, "amax")
        if torch.equal(high[index], labels):
            trace.ledger.add(name, dim, "follower", high)
            return
    trace.ledger.fix(labels, MIXED)


def for_parameter(labels: Tensor, shape: Sequence[int]) -> Tensor:
    """The labels that a tensor of `shape` meets, in its shape, if it is broadcast with an activation of `labels`.

    Where it would be repeated over several channels it has none of its own.
    """
    dims = max(labels.dim(), len(shape))
    found = labels.view([1] * (dims - labels.dim()) + [*labels.shape])
    own = [1] * (dims - len(shape)) + [*shape]
    for dim, size in enumerate(own):
        if size == 1 and found.shape[dim] > 1:
            high = found.amax(dim=dim, keepdim=True)
            found = torch.full_like(high, NONE) if varies(found, dim) else high
    return found.expand(own).reshape(tuple(shape))


def beside(labels: Tensor, shape: Sequence[int], dim: int) -> Tensor:
    """The labels of what is put beside an activation along `dim`, in its `shape`: those at the same place of it.

    Beside channels there are no other channels.
    """
    if varies(labels, dim):
        return torch.full(tuple(shape), NONE)
    return labels.narrow(dim, 0, 1).expand(tuple(shape))
