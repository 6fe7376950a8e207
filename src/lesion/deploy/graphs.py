"""Networks as ONNX graphs, int8 as integers: QuantizeLinear and DequantizeLinear around each quantised layer."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from lesion.compress.integer_layers import INPUT_MAX, INPUT_MIN, FixedGrid, Inputs, key
from lesion.errors import InputError

OPSET = 18
INPUT, OUTPUT = "images", "logits"


def to_onnx(network: nn.Module, example: Tensor, stored: Mapping[str, Tensor]) -> onnx.ModelProto:
    """The ONNX graph of a restored network: `images` float32 (n, c, h, w) to `logits` float32 (n, classes).

    Parameters
    ----------
    network : in evaluation mode; its grids of int8 inputs become QuantizeLinear and DequantizeLinear
    example : one image, float32 (1, c, h, w)
    stored : the tensors that the network was restored from; int8 weights with a `weight_scale` become integers with
        DequantizeLinear, all others stay in float32

    Raises
    ------
    InputError
        Where torch cannot export the network.
    """
    _quantise_inputs(network)
    twice = example.repeat(2, *[1] * (example.dim() - 1))  # a batch of one would be taken for a constant
    try:
        program = torch.onnx.export(
            network,
            (twice,),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("n")},),
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
            verbose=False,
        )
    except Exception as error:  # the exporter's errors have no common base but this
        raise InputError(f"torch cannot export this network: {str(error).strip().splitlines()[0]}") from None
    assert program is not None
    model = program.model_proto
    _quantise_weights(model.graph, stored)
    _drop_traces(model)
    onnx.checker.check_model(model)
    return model


def quantised(stored: Mapping[str, Tensor]) -> list[str]:
    """The layers whose weights are stored as int8 with a scale for each output channel."""
    scales = (name for name in stored if name.rpartition(".")[2] == "weight_scale")
    layers = [name.rpartition(".")[0] for name in scales]
    return [layer for layer in layers if stored[key(layer, "weight")].dtype == torch.int8]


def _quantise_inputs(network: nn.Module) -> None:
    """Let the layers quantise their inputs by the operators that ONNX has."""
    for module in network.modules():
        hooks = module._forward_pre_hooks
        for number, hook in list(hooks.items()):
            if isinstance(hook, FixedGrid):
                hooks[number] = _Grid(hook)


class _Grid:
    """What a `FixedGrid` computes, by torch's decomposed operators, which are exported as ONNX's."""

    def __init__(self, grid: FixedGrid) -> None:
        self.known = (grid.scale, grid.zero_point, INPUT_MIN, INPUT_MAX, torch.int8)

    def __call__(self, _: nn.Module, inputs: Inputs) -> Inputs:
        operators = torch.ops.quantized_decomposed
        integers = operators.quantize_per_tensor(inputs[0], *self.known)
        return (operators.dequantize_per_tensor(integers, *self.known), *inputs[1:])


def _quantise_weights(graph: onnx.GraphProto, stored: Mapping[str, Tensor]) -> None:
    """Replace float weights by their integers and a DequantizeLinear each, where the graph has them by their names."""
    held = {initialiser.name: initialiser for initialiser in graph.initializer}
    for layer in quantised(stored):
        name = key(layer, "weight")
        if name not in held:  # the exporter computed with it: it stays in float32
            continue
        integers, scale = stored[name].numpy(), stored[key(layer, "weight_scale")].numpy()
        graph.initializer.remove(held[name])
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(integers), f"{name}.integers"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
        graph.initializer.append(numpy_helper.from_array(np.zeros(len(scale), dtype=np.int8), f"{name}.zero"))
        taken = [f"{name}.{part}" for part in ("integers", "scale", "zero")]
        graph.node.insert(0, helper.make_node("DequantizeLinear", taken, [name], f"{name}.dequantize", axis=0))


def _drop_traces(model: onnx.ModelProto) -> None:
    """Drop what the exporter says of the source of each node: lines of code in files of this machine."""
    parts: list[Any] = [model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output]
    for part in (*parts, *model.graph.value_info, *model.graph.initializer):
        del part.metadata_props[:]
        if not isinstance(part, onnx.ModelProto):
            part.doc_string = ""
