"""Networks as ONNX graphs, int8 as integers: QuantizeLinear and DequantizeLinear around each quantised layer."""

from collections.abc import Mapping
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn
from torch.ao.quantization.fx import _decomposed as _registered  # noqa: F401  the operators of grids

from lesion.compress.integer_layers import INTEGERS, key
from lesion.errors import InputError

OPSET = 18
INPUT, OUTPUT = "images", "logits"


def to_onnx(network: nn.Module, example: Tensor, stored: Mapping[str, Tensor]) -> onnx.ModelProto:
    """The ONNX graph of a restored network: `images` float32 (n, c, h, w) to `logits` float32 (n, classes).

    Parameters
    ----------
    network : in evaluation mode; fixed grids of int8 inputs become QuantizeLinear and DequantizeLinear
    example : one image, float32 (1, c, h, w)
    stored : the tensors that the network was restored from; int8 weights become integers with DequantizeLinear, all
        others stay in float32

    Raises
    ------
    InputError
        Where torch cannot export the network.
    """
    twice = example.repeat(2, *[1] * (example.dim() - 1))  # a batch of one would be taken for a constant
    try:
        with redirect_stderr(StringIO()):  # torch prints the whole graph of a network that it cannot export
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
        said = str(error.__cause__ or error).strip().splitlines()
        raise InputError(f"torch cannot export this network: {said[0]}") from None
    assert program is not None
    model = program.model_proto
    _quantise_weights(model.graph, stored)
    _drop_traces(model)
    onnx.checker.check_model(model)
    return model


def quantised(stored: Mapping[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
    """Name of each weight that is stored as int8 -> its integers, and the scale of each output channel."""
    found = {}
    for name in stored:
        owner, _, last = name.rpartition(".")
        if last == "weight_scale" and stored[key(owner, "weight")].dtype == torch.int8:
            found[key(owner, "weight")] = stored[key(owner, "weight")], stored[name]
        elif last in INTEGERS.values() and key(owner, "scale") in stored:
            found[owner] = stored[name], stored[key(owner, "scale")]
    return found


def _quantise_weights(graph: onnx.GraphProto, stored: Mapping[str, Tensor]) -> None:
    """Replace float weights by their integers and a DequantizeLinear each, where the graph has them by their names."""
    held = {initialiser.name: initialiser for initialiser in graph.initializer}
    for name, (integers, scale) in quantised(stored).items():
        if name not in held:  # the exporter computed with it: it stays in float32
            continue
        graph.initializer.remove(held[name])
        graph.initializer.append(numpy_helper.from_array(integers.contiguous().numpy(), f"{name}.integers"))
        graph.initializer.append(numpy_helper.from_array(scale.numpy(), f"{name}.scale"))
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
