"""Reads the tensors to store from a graph that pt2e has converted, by the keys of integer_layers.py."""

from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node

from lesion.compress.integer_layers import INTEGERS, key
from lesion.compress.operators import Operator, layer_of

decomposed = torch.ops.quantized_decomposed


def names_read(exported: GraphModule) -> set[str]:
    """Keys of the state dict that the forward pass reads, and the batch counters of batch norms, which nothing reads.

    The caller stores the other keys unchanged, so that a member is complete: an auxiliary head that only training runs.
    """
    nodes = [node for node in exported.graph.nodes if node.op == "get_attr"]
    return {node.target for node in nodes if node.users or node.target.endswith("num_batches_tracked")}


def stored_tensors(
    converted: GraphModule, operators: Mapping[str, Operator], plain: Collection[str]
) -> dict[str, Tensor]:
    """The tensors that the converted graph reads, by the keys of integer_layers.py.

    operators: the quantised ones, by name of the node; pt2e keeps the names. plain: the names in the state dict.
    """
    tensors: dict[str, Tensor] = {}
    read: set[Node] = set()
    for node in converted.graph.nodes:
        if node.name in operators:
            found, used = _of_operator(converted, node, operators[node.name], plain)
            tensors |= found
            read |= used
    state = converted.state_dict()
    for node in converted.graph.nodes:
        if node.op == "get_attr" and node.users and node not in read and node.target in state:
            tensors[node.target] = held(converted, node)
    return tensors


def _of_operator(
    converted: GraphModule, node: Any, operator: Operator, plain: Collection[str]
) -> tuple[dict[str, Tensor], set[Node]]:
    """The tensors of one operator, and the nodes that hold them.

    The bias of an operator that is not alone in its layer is left to the network, unless folding made it.
    """
    source, weight, bias = (*node.args, None)[:3]
    integers, scale, zero_point = weight.args[:3]
    read = {integers, scale, zero_point}
    if operator.kind == "layer":
        owner, names = layer_of(operator.weight), ("weight", "weight_scale")
    else:
        owner, names = operator.weight, (INTEGERS[operator.kind], "scale")
    tensors = {key(owner, name): held(converted, where) for name, where in zip(names, (integers, scale), strict=True)}
    if bias is not None and (operator.kind == "layer" or (bias.op == "get_attr" and bias.target not in plain)):
        tensors[key(owner, "bias")] = held(converted, bias)
        read.add(bias)
    if source.target is decomposed.dequantize_per_tensor.default:
        tensors[key(owner, "input_scale")] = torch.tensor(source.args[1], dtype=torch.float32)
        tensors[key(owner, "input_zero_point")] = torch.tensor(source.args[2], dtype=torch.int8)
    return tensors, read


def held(graph: GraphModule, node: Node) -> Tensor:
    """The parameter or buffer that a node reads."""
    owner, _, attribute = str(node.target).rpartition(".")
    value = getattr(graph.get_submodule(owner), attribute)
    assert isinstance(value, Tensor)
    return value
