"""Quantises a model's convolutions and linear layers to int8 with torchao's pt2e (PyTorch 2 export quantisation).

    torch.export -> prepare_pt2e (folds batch norms, inserts observers) -> calibration -> convert_pt2e

Weights: int8 per output channel, symmetric, [−127, 127], scaled to each channel's largest magnitude. The input of each
layer: int8, affine, [−128, 127]; the method decides its range. Biases, additions, pooling, the logits and batch norms
that follow no layer stay float32. (TFLite's fixed-point converter quantises these too.)

The small quantiser here replaces torchao's for x86, which imports the compiler (inductor) and takes seconds for it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node
from torchao.quantization.pt2e import PerChannelMinMaxObserver
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
from torchao.quantization.pt2e.quantizer import QuantizationAnnotation, QuantizationSpec, Quantizer

from lesion.compress.integer_layers import LAYERS, key
from lesion.compress.masks import prunable
from lesion.errors import InputError
from lesion.params.derived import kept_layers

aten, decomposed = torch.ops.aten, torch.ops.quantized_decomposed

OPERATORS = (
    *(aten.conv1d.default, aten.conv1d.padding, aten.conv2d.default, aten.conv2d.padding),
    *(aten.conv3d.default, aten.conv3d.padding, aten.linear.default),
)

WEIGHTS = QuantizationSpec(
    dtype=torch.int8,
    observer_or_fake_quant_ctr=PerChannelMinMaxObserver,
    quant_min=-127,
    quant_max=127,
    qscheme=torch.per_channel_symmetric,
    ch_axis=0,
)

CALIBRATION_BATCH = 64


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


def compressor(
    model: nn.Module, inputs: QuantizationSpec, images: Tensor, keep: Iterable[str] = ()
) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """Return a function: state dict of a trained dense member -> tensors to store (keys in integer_layers.py).

    model: in eval mode. images: float32 (n, c, h, w), n ≥ 1, the images for calibration.
    keep: patterns of layers that stay as they are, with the batch norm after them (`params.derived.kept_layers`).
    Raises InputError if a layer cannot be quantised on its own (see `layer_nodes`), or if all are kept.
    """
    exported = export(model, images)
    kept = kept_layers(keep, [name.rpartition(".")[0] for name, _, _ in prunable(model)])
    layers = layer_nodes(model, exported, kept)
    if not layers:
        raise InputError("int8: no layer is quantised, since `keep` names them all")
    unread = sorted(model.state_dict().keys() - names_read(exported))
    convert = converter(exported, layers, inputs, images)

    def compress(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        tensors = stored_tensors(convert(state), layers) | {name: state[name] for name in unread}
        return {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}

    return compress


def converter(
    exported: GraphModule, nodes: Collection[str], inputs: QuantizationSpec, images: Tensor
) -> Callable[[Mapping[str, Tensor]], GraphModule]:
    """Return a function: state dict of a member -> pt2e's quantise-dequantise graph of that member, calibrated.

    nodes: names of the operators to quantise, as in `layer_nodes`. Changes `exported`: see `_keep_unfoldable`.
    """
    _keep_unfoldable(exported, nodes)
    quantizer = LayerQuantizer(nodes, inputs)

    @torch.no_grad()
    def convert(state: Mapping[str, Tensor]) -> GraphModule:
        member = deepcopy(exported)
        member.load_state_dict(state)
        prepared = prepare_pt2e(member, quantizer)
        for start in range(0, len(images), CALIBRATION_BATCH):
            prepared(images[start : start + CALIBRATION_BATCH])
        converted: GraphModule = convert_pt2e(prepared)
        return converted

    return convert


def export(model: nn.Module, images: Tensor) -> GraphModule:
    """The model's forward pass as a graph of aten operators, for any batch size."""
    example = images[:1].repeat(2, *[1] * (images.dim() - 1))  # a batch of one would be taken for a constant
    program = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    return program.module()


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


def layer_nodes(model: nn.Module, exported: GraphModule, kept: Collection[str] = ()) -> dict[str, str]:
    """Node name of each convolution or linear operator -> name of its module in `model`, but for the modules in `kept`.

    Raises InputError for a weight that cannot be stored with one layer: it is computed, several operators share it, or
    another module reads it (as attention does with the weights of its projections).
    """
    inside: dict[str, list[Node]] = defaultdict(list)
    for node in exported.graph.nodes:
        if node.op == "call_function":
            inside[_module(node)].append(node)
    nodes: dict[str, str] = {}
    for node in exported.graph.nodes:
        if node.target not in OPERATORS or _module(node) in kept:
            continue
        weight = node.args[1]
        if weight.op != "get_attr":
            raise InputError(f"int8: {_module(node) or 'the model'} computes with a weight that is computed itself")
        layer, _, attribute = str(weight.target).rpartition(".")
        if attribute != "weight" or not isinstance(model.get_submodule(layer), LAYERS):
            raise InputError(f"int8: the weight {weight.target} is not that of an nn.Conv or nn.Linear module")
        if node not in inside[layer]:
            raise InputError(f"int8: the weight {weight.target} is read by another module than its own")
        if inside[layer] != [node]:
            raise InputError(f"int8: layer {layer} runs more than once or more than one operator in a forward pass")
        nodes[node.name] = layer
    return nodes


def _module(node: Node) -> str:
    """Name of the innermost module that runs the operator; "" for the model itself."""
    stack = node.meta.get("nn_module_stack") or {"": ("",)}
    return str(list(stack.values())[-1][0])


def names_read(exported: GraphModule) -> set[str]:
    """Keys of the state dict that the forward pass reads, and the batch counters of batch norms, which nothing reads.

    The caller stores the other keys unchanged, so that a member is complete: an auxiliary head that only training runs.
    """
    nodes = [node for node in exported.graph.nodes if node.op == "get_attr"]
    return {node.target for node in nodes if node.users or node.target.endswith("num_batches_tracked")}


def stored_tensors(converted: GraphModule, layers: Mapping[str, str]) -> dict[str, Tensor]:
    """The tensors that the converted graph reads, by the keys of integer_layers.py.

    layers: the result of `layer_nodes` for the graph before conversion; pt2e keeps the names of these nodes.
    """
    tensors: dict[str, Tensor] = {}
    read: set[Node] = set()
    for node in converted.graph.nodes:
        if node.name in layers:
            layer = layers[node.name]
            source, weight, bias = (*node.args, None)[:3]
            integers, scale, zero_point = weight.args[:3]
            tensors[key(layer, "weight")] = _value(converted, integers)
            tensors[key(layer, "weight_scale")] = _value(converted, scale)
            if bias is not None:
                tensors[key(layer, "bias")] = _value(converted, bias)
            if source.target is decomposed.dequantize_per_tensor.default:
                tensors[key(layer, "input_scale")] = torch.tensor(source.args[1], dtype=torch.float32)
                tensors[key(layer, "input_zero_point")] = torch.tensor(source.args[2], dtype=torch.int8)
            read |= {integers, scale, zero_point, bias}
    state = converted.state_dict()
    for node in converted.graph.nodes:
        if node.op == "get_attr" and node.users and node not in read and node.target in state:
            tensors[node.target] = _value(converted, node)
    return tensors


def _value(graph: GraphModule, node: Node) -> Tensor:
    owner, _, attribute = str(node.target).rpartition(".")
    value = getattr(graph.get_submodule(owner), attribute)
    assert isinstance(value, Tensor)
    return value
