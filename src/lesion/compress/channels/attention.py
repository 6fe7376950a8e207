"""Rules for attention: a head is a channel, since its queries, keys and values leave together or not at all."""

import torch
from torch import Tensor

from lesion.compress.channels.ledger import NONE, OPAQUE, varies
from lesion.compress.channels.operation import Operation
from lesion.compress.channels.parameters import follow_elements, for_parameter
from lesion.compress.channels.trace import Trace

PRODUCTS = frozenset({
    "_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_efficient_attention", "_scaled_dot_product_cudnn_attention",
    "_scaled_dot_product_attention_math",
})  # fmt: skip
"""Attention as one operation: its first arguments are queries, keys and values, (n, heads, positions, features)."""

SOFTMAXES = frozenset({"_softmax", "_safe_softmax"})


def product(trace: Trace, operation: Operation) -> Tensor:
    """Queries, keys and values of a head are tied; of a mask that differs between heads the head has a part."""
    query, key, value = (trace.labels(one) for one in operation.args[:3])
    trace.ledger.head(query)
    for one in (query, key, value):
        _tie_last(trace, one)
        trace.ledger.tie(one[..., :1, :1], query[..., :1, :1])
    for mask in (*operation.args[3:], *operation.named.values()):
        if isinstance(mask, Tensor) and not trace.followed(mask):
            heads = query[..., :1, :1].expand(*query.shape[:2], query.shape[2], key.shape[2])
            follow_elements(trace, mask, for_parameter(heads, mask.shape))
        elif isinstance(mask, Tensor):
            trace.ledger.fix(query, "a mask of attention is computed")
    return value[..., :1, :].expand(operation.output.shape).contiguous()


def _tie_last(trace: Trace, labels: Tensor) -> None:
    """Tie what each (n, head) has over positions and features."""
    flat = labels.flatten(-2)
    trace.ledger.tie(flat[..., :1].expand_as(flat), flat)


def matrices(trace: Trace, operation: Operation) -> Tensor:
    """A product of matrices, (b, i, k) · (b, k, j): the channels of each pair are tied."""
    one, other = (trace.labels(tensor) for tensor in operation.args[:2])
    if all(map(trace.followed, operation.args[:2])):
        trace.ledger.head(torch.cat([one.flatten(), other.flatten()]))
    for labels in (one, other):
        _tie_last(trace, labels)
    trace.ledger.tie(one[:, :1, :1], other[:, :1, :1])
    both = torch.cat([one.flatten(1), other.flatten(1)], dim=1)
    high, low = both.amax(dim=1), both.amin(dim=1)
    made = torch.where((high == NONE) & (low == OPAQUE), OPAQUE, high)
    return made[:, None, None].expand(operation.output.shape).contiguous()


def softmax(trace: Trace, operation: Operation) -> Tensor:
    """A softmax over positions."""
    labels = trace.labels(operation.args[0])
    if varies(labels, operation.args[1]):
        trace.ledger.fix(labels, "a softmax over channels")
    return labels
