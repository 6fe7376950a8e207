"""Quantises a model's convolutions and linear layers to int8 with torchao's pt2e (PyTorch 2 export quantisation).

    torch.export -> prepare_pt2e (folds batch norms, inserts observers) -> calibration -> convert_pt2e

Weights: int8 per output channel, symmetric, [−127, 127], scaled to each channel's largest magnitude. The input of each
layer: int8, affine, [−128, 127]; the method decides its range. Biases, additions, pooling, the logits and batch norms
that follow no layer stay float32. (TFLite's fixed-point converter quantises these too.) A weight that is computed, as
by weight standardisation, is computed once for each member, and the result is quantised.

The small quantiser here replaces torchao's for x86, which imports the compiler (inductor) and takes seconds for it.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node
from torch.fx.node import map_arg
from torchao.quantization.pt2e import PerChannelMinMaxObserver
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
from torchao.quantization.pt2e.quantizer import QuantizationAnnotation, QuantizationSpec, Quantizer

from lesion.compress.attention import separate_all
from lesion.compress.integer_tensors import held, names_read, stored_tensors
from lesion.compress.operators import Operator, find_operators, layers
from lesion.errors import InputError
from lesion.params.derived import kept_layers

aten = torch.ops.aten

WEIGHTS = QuantizationSpec(
    dtype=torch.int8,
    observer_or_fake_quant_ctr=PerChannelMinMaxObserver,
    quant_min=-127,
    quant_max=127,
    qscheme=torch.per_channel_symmetric,
    ch_axis=0,
)

CALIBRATION_BATCH = 64

log = logging.getLogger(__name__)


class LayerQuantizer(Quantizer):  # type: ignore[misc]  # torchao is not typed
    """Quantises the weight of the operators named `nodes`, and their input by the specification `inputs`."""

    def __init__(self, nodes: Collection[str], inputs: QuantizationSpec) -> None:
        self.nodes, self.inputs = nodes, inputs

    def annotate(self, model: GraphModule) -> GraphModule:
        """Mark the two inputs of each layer's node; prepare_pt2e puts observers there."""
        for node in model.graph.nodes:
            if node.name in self.nodes:
                node.meta["quantization_annotation"] = QuantizationAnnotation(
                    input_qspec_map={node.args[0]: self.inputs, node.args[1]: WEIGHTS}, _annotated=True
                )
        return model

    def validate(self, model: GraphModule) -> None:
        """Check nothing: `layer_nodes` has done so."""


class Compressor:
    """Compresses members of one network.

    Attributes
    ----------
    facts : for the metadata: `left_float`, pairs of a layer that could not be quantised and why, if there are any
    """

    def __init__(
        self, model: nn.Module, inputs: QuantizationSpec, images: Tensor, keep: Iterable[str], *, name: str
    ) -> None:
        kept = kept_layers(keep, layers(model))
        separate_all(model, images[:1])
        exported = export(model, images, name=name)
        found = find_operators(model, exported, kept, by_image=inputs.is_dynamic)
        if not found.operators:
            raise InputError(f"{name}: no layer is left to quantise{_reasons(found.left)}")
        if found.left:
            log.info("%s: layers that stay float%s", name, _reasons(found.left))
        self.facts: dict[str, Any] = {"left_float": [*map(list, found.left.items())]} if found.left else {}
        self._operators = found.operators
        self._unread = sorted(model.state_dict().keys() - names_read(exported))
        self._convert = converter(exported, found.operators, inputs, images)

    def __call__(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """State dict of a trained member -> tensors to store, by the keys of integer_layers.py."""
        tensors = stored_tensors(self._convert(state), self._operators, state.keys())
        tensors |= {name: state[name] for name in self._unread}
        return {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}


def _reasons(left: Mapping[str, str]) -> str:
    """`: a (why), b (why)`, the first three."""
    told = [f"{layer} ({why})" for layer, why in left.items()]
    more = [f"and {len(told) - 3} more"] if len(told) > 3 else []
    return "".join(f"{', ' if place else ': '}{text}" for place, text in enumerate([*told[:3], *more]))


def converter(
    exported: GraphModule, operators: Mapping[str, Operator], inputs: QuantizationSpec, images: Tensor
) -> Callable[[Mapping[str, Tensor]], GraphModule]:
    """Return a function: state dict of a member -> pt2e's quantise-dequantise graph of that member, calibrated.

    operators: those to quantise, by name of the node. Changes `exported`: see `_keep_unfoldable`.
    """
    _keep_unfoldable(exported, operators)
    quantizer = LayerQuantizer(operators, inputs)

    @torch.no_grad()
    def convert(state: Mapping[str, Tensor]) -> GraphModule:
        member = deepcopy(exported)
        member.load_state_dict(state)
        compute_weights(member, [name for name, operator in operators.items() if operator.kind == "computed"])
        prepared = prepare_pt2e(member, quantizer)
        for start in range(0, len(images), CALIBRATION_BATCH):
            prepared(images[start : start + CALIBRATION_BATCH])
        converted: GraphModule = convert_pt2e(prepared)
        return converted

    return convert


def export(model: nn.Module, images: Tensor, *, name: str = "int8") -> GraphModule:
    """The model's forward pass as a graph of aten operators, for any batch size.

    Raises InputError with torch's reason if its operators depend on the values or on the number of the images.
    """
    example = images[:1].repeat(2, *[1] * (images.dim() - 1))  # a batch of one would be taken for a constant
    try:
        program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    except (RuntimeError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{name}: the network cannot be exported as a graph of operators: {reason}") from None
    return program.module()


def compute_weights(graph: GraphModule, names: Iterable[str]) -> None:
    """Replace the computed weight of each operator named, by a parameter that holds its value."""
    operators = {node.name: node for node in graph.graph.nodes}
    for name in names:
        node = operators[name]
        place = f"computed_{name}"
        graph.register_parameter(place, nn.Parameter(_computed(graph, node.args[1]), requires_grad=False))
        with graph.graph.inserting_before(node):
            weight = graph.graph.get_attr(place)
        weight.meta = node.args[1].meta
        node.args = (node.args[0], weight, *node.args[2:])
    graph.graph.eliminate_dead_code()
    graph.recompile()


def _computed(graph: GraphModule, node: Node) -> Tensor:
    """Value of a node that depends on parameters and buffers alone."""
    if node.op == "get_attr":
        return held(graph, node)
    assert callable(node.target)
    args, kwargs = map_arg((node.args, node.kwargs), lambda source: _computed(graph, source))
    value = node.target(*args, **kwargs)
    assert isinstance(value, Tensor)
    return value


def _keep_unfoldable(exported: GraphModule, nodes: Collection[str]) -> None:
    """Hide from pt2e each batch norm that is not the only reader of a quantised layer, by dropping its overload.

    pt2e (torchao 0.18) folds a batch norm into the convolution before it even if the convolution has other readers,
    such as a shortcut around the batch norm; they would get the folded output too. A visible batch norm also makes
    convert_pt2e search for patterns of quantisation-aware training, which takes a minute.
    """
    for norm in exported.graph.find_nodes(op="call_function", target=aten.batch_norm.default):
        source = norm.args[0]
        if source.name not in nodes or len(source.users) > 1:
            norm.target = aten.batch_norm
    exported.recompile()
