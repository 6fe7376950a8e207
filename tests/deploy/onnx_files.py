"""Tiny ONNX files, each a linear classifier or made of one."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

TYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8,
         "int32": TensorProto.INT32}  # fmt: skip
Weight = npt.NDArray[np.float32]


def weight(features: int, classes: int, seed: int = 0) -> Weight:
    """Random weights of a linear layer, (features, classes)."""
    return np.random.default_rng(seed).normal(size=(features, classes)).astype(np.float32)


def write_linear(
    path: Path,
    matrix: Weight,
    shape: tuple[Any, ...] = ("n", None),
    *,
    dtype: str = "float32",
    softmax: bool = False,
    beside: tuple[str, ...] = (),
    external: bool = False,
) -> Path:
    """Logits `x` · matrix, or their softmax, of inputs of any shape that hold as many numbers as the matrix has rows.

    `beside`: names of outputs with the same scores, beside `scores`.
    """
    shape = tuple(len(matrix) if length is None else length for length in shape)
    nodes = [
        helper.make_node("Cast", ["x"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["logits"]),
        helper.make_node("Softmax" if softmax else "Identity", ["logits"], ["scores"]),
        *(helper.make_node("Identity", ["scores"], [name]) for name in beside),
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [shape[0], matrix.shape[1]])
        for name in ("scores", *beside)
    ]
    taken = helper.make_tensor_value_info("x", TYPES[dtype], list(shape))
    graph = helper.make_graph(nodes, "linear", [taken], outputs, [numpy_helper.from_array(matrix, "matrix")])
    return save(path, graph, external=external)


def save(path: Path, graph: onnx.GraphProto, *, external: bool = False) -> Path:
    """Write a graph as a model that old releases of onnxruntime read, too."""
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path, save_as_external_data=external, location=f"{path.stem}.data", size_threshold=0)
    return path


def softmax(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """In double precision, row by row."""
    rows = [np.exp(row) / np.exp(row).sum() for row in logits.astype(np.float64)]
    return np.array(rows)
