"""Which operators of an exported network can be quantised, and how the network comes to their weights.

| kind | the operator | example |
| --- | --- | --- |
| `layer` | is all that its layer runs, but for padding with zeros | nn.Conv2d, timm's Conv2dSame |
| `read` | reads the weight of a layer that is not called itself, or that does more | torchvision's Swin, attention |
| `computed` | computes with a weight that its layer computes from its parameters | timm's StdConv2d |
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.fx import GraphModule, Node

from lesion.compress.attention import SelfAttention
from lesion.compress.integer_layers import LAYERS
from lesion.compress.masks import prunable

aten = torch.ops.aten

OPERATORS = (
    *(aten.conv1d.default, aten.conv1d.padding, aten.conv2d.default, aten.conv2d.padding),
    *(aten.conv3d.default, aten.conv3d.padding, aten.linear.default),
)


@dataclass(frozen=True)
class Operator:
    """A convolution or linear operator to quantise.

    Attributes
    ----------
    weight : name of its weight in the state dict, or of the weight that it is computed from
    kind : see above
    """

    weight: str
    kind: Literal["layer", "read", "computed"]


@dataclass(frozen=True)
class Found:
    """What was found in a network.

    Attributes
    ----------
    operators : by name of the node
    left : layer that stays float -> why, without those that the user keeps
    """

    operators: dict[str, Operator]
    left: dict[str, str]


class Unfit(Exception):  # noqa: N818 - not an error
    """Says why an operator cannot be quantised."""


def layers(model: nn.Module) -> list[str]:
    """Names of the layers with weights, in the order of the network; attention's packed projection has its own name."""
    return [layer_of(name) for name, _, _ in prunable(model)]


def layer_of(weight: str) -> str:
    """Name of the module that holds a weight."""
    return weight.rpartition(".")[0]


def module_of(node: Node) -> str:
    """Name of the innermost module that runs the operator; "" for the model itself."""
    stack = node.meta.get("nn_module_stack") or {"": ("",)}
    return str(list(stack.values())[-1][0])


def find_operators(
    model: nn.Module, exported: GraphModule, kept: Collection[str] = (), *, by_image: bool = False
) -> Found:
    """The operators of the graph of `model` that can be quantised, but for those of the layers in `kept`.

    by_image: True if each image has its own range, which needs the images in the first dimension of an input.
    """
    survey = _Survey(model, exported, by_image=by_image)
    operators, left = {}, {}
    for node in survey.nodes:
        try:
            operator = survey.operator(node)
        except Unfit as why:
            if (layer := survey.layer(node)) not in kept:
                left[layer] = str(why)
            continue
        if layer_of(operator.weight) not in kept:
            operators[node.name] = operator
    read = {str(node.target) for node in exported.graph.find_nodes(op="get_attr") if node.users}
    quantised = {operator.weight for operator in operators.values()}
    for name, _, _ in prunable(model):
        if name in read and name not in quantised and layer_of(name) not in {*kept, *left}:
            left[layer_of(name)] = "its operator is no convolution and not linear"
    return Found(operators, left)


def constants(node: Node) -> set[Node] | None:
    """The parameters and buffers that a value is computed from; None if it depends on the image."""
    found, queue, seen = set(), [node], {node}
    while queue:
        source = queue.pop()
        if source.op == "get_attr":
            found.add(source)
        elif source.op != "call_function" or torch.Tag.nondeterministic_seeded in getattr(source.target, "tags", ()):
            return None
        queue += [below for below in source.all_input_nodes if below not in seen]
        seen |= {*source.all_input_nodes}
    return found


class _Survey:
    """One network and its graph."""

    def __init__(self, model: nn.Module, exported: GraphModule, *, by_image: bool) -> None:
        self.model, self.by_image = model, by_image
        self.nodes = [node for node in exported.graph.nodes if node.target in OPERATORS]
        self.inside: dict[str, list[Any]] = defaultdict(list)
        for node in exported.graph.nodes:
            if node.op == "call_function":
                self.inside[module_of(node)].append(node)
        self.weights = {name: getattr(layer, attribute) for name, layer, attribute in prunable(model)}
        self.readers = Counter(
            id(self.weights[name]) for node in self.nodes for name in _names(node) if name in self.weights
        )

    def layer(self, node: Any) -> str:
        """The layer that an operator belongs to, by its weight, or by where it runs."""
        names = _names(node) & self.weights.keys()
        return layer_of(names.pop()) if len(names) == 1 else module_of(node) or "the model"

    def operator(self, node: Any) -> Operator:
        """Raises `Unfit`."""
        weight, module = node.args[1], module_of(node)
        names = _names(node)
        if not names:
            raise Unfit("its weight depends on the image")
        if len(found := names & self.weights.keys()) != 1:
            raise Unfit("its weight is that of no layer")
        (name,) = found
        if self.readers[id(self.weights[name])] > 1:
            raise Unfit("it runs more than once, or shares its weight")
        owner = self.model.get_submodule(layer_of(name))
        if type(self.model.get_submodule(module)) is nn.MultiheadAttention:
            raise Unfit("attention is masked, or is not to itself")
        if self.by_image and isinstance(node.args[0].meta["val"].shape[0], int):
            raise Unfit("its input does not begin with the images")
        if not isinstance(owner, (*LAYERS, SelfAttention)):
            raise Unfit("its weight is that of no convolution and no linear layer")
        if weight.op != "get_attr":
            return self._computed(node, name)
        if module == layer_of(name) and self._alone(node):
            return Operator(name, "layer")
        if module not in {layer_of(name), layer_of(layer_of(name))}:
            raise Unfit(f"{module or 'the model'} reads its weight")
        return Operator(name, "read")

    def _computed(self, node: Any, name: str) -> Operator:
        weight = self.weights[name]
        if module_of(node) != layer_of(name) or node.args[1].meta["val"].shape != weight.shape:
            raise Unfit("its weight is computed, and not in the layer's own shape")
        if sum(module_of(other) == layer_of(name) for other in self.nodes) > 1:
            raise Unfit("it runs more than one operator")
        return Operator(name, "computed")

    def _alone(self, node: Any) -> bool:
        """True if the layer runs nothing else than the operator, and maybe pads its input with zeros first."""
        *before, last = self.inside[module_of(node)]
        source = node.args[0]
        for pad in reversed(before):
            if pad is not source or not _pads_with_zeros(pad):
                return False
            source = pad.args[0]
        return last is node


def _pads_with_zeros(node: Any) -> bool:
    if node.target is aten.pad.default:
        mode, value = (*node.args[2:], *("constant", None)[len(node.args) - 2 :])[:2]
        return mode == "constant" and not value
    return node.target is aten.constant_pad_nd.default and not (*node.args, 0)[2]


def _names(node: Any) -> set[str]:
    """Names of the parameters and buffers that the operator's weight is computed from."""
    return {str(source.target) for source in constants(node.args[1]) or ()}
