"""Which rule follows the channels through which operation."""

from collections.abc import Callable

import torch
from torch import Tensor

from lesion.compress.channels import attention, elements, layers, moves
from lesion.compress.channels.ledger import OPAQUE
from lesion.compress.channels.operation import Operation
from lesion.compress.channels.trace import Trace

Rule = Callable[[Trace, Operation], Tensor | list[Tensor]]

BY_NAME: dict[str, Rule] = {
    "convolution": layers.convolution,
    "addmm": layers.linear,
    "mm": layers.linear,
    **dict.fromkeys(layers.BATCH_NORMS, layers.batch_norm),
    "native_layer_norm": layers.layer_norm,
    "native_group_norm": layers.group_norm,
    "bmm": attention.matrices,
    **dict.fromkeys(attention.PRODUCTS, attention.product),
    **dict.fromkeys(attention.SOFTMAXES, attention.softmax),
    "as_strided": elements.laid_out,
    "addcmul": elements.accumulated,
    "constant_pad_nd": moves.padded,
    **dict.fromkeys(moves.VIEWS, moves.viewed),
    **dict.fromkeys(elements.POOLS, elements.pooled),
    **dict.fromkeys(elements.REDUCTIONS, elements.reduced),
    **dict.fromkeys(moves.PICKS, moves.picked),
    **dict.fromkeys(moves.MOVES, moves.moved),
    "cat": moves.joined,
}
"""Name of an operation -> its rule. Functions of elements are found by `elementwise`."""


MOVING = moves.VIEWS | moves.MOVES | moves.PICKS.keys() | elements.UNARY | {"index", "slice"}
"""Operations that do not combine elements of a parameter."""


def find(trace: Trace, operation: Operation) -> list[Tensor]:
    """Labels of each tensor that an operation makes. One that is not known fixes the channels that it reads."""
    rule = BY_NAME.get(operation.name) or elementwise(operation) or unknown
    found = rule(trace, operation)
    return [found] if isinstance(found, Tensor) else found


def elementwise(operation: Operation) -> Rule | None:
    """The rule of a function of the elements of one or two tensors."""
    count = len(operation.tensors)
    if count == 1 and operation.name in elements.UNARY:
        return elements.unchanged
    return elements.combined if count == 2 and operation.name in elements.BINARY else None


def unknown(trace: Trace, operation: Operation) -> list[Tensor]:
    """Fix the channels that an operation reads; what it makes is opaque."""
    for tensor in operation.tensors:
        trace.ledger.fix(trace.labels(tensor), f"operation {operation.name} reads it")
    made = [operation.output] if isinstance(operation.output, Tensor) else operation.output
    return [torch.full(tensor.shape, OPAQUE) for tensor in made]
