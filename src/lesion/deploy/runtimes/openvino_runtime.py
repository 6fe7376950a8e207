"""ONNX files, and OpenVINO's own, by OpenVINO on the processor."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lesion.deploy.contract import Array, RunOptions, Slot
from lesion.errors import InputError


class OpenvinoModel:
    """A compiled model of OpenVINO."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._ports = {_name(port): port for port in compiled.outputs}
        self.inputs = tuple(map(_slot, compiled.inputs))
        self.outputs = tuple(map(_slot, compiled.outputs))

    def run(self, feeds: Mapping[str, Array], output: str) -> Array:
        """As `contract.Model.run`."""
        return np.array(self._compiled(dict(feeds))[self._ports[output]])  # a copy: the next call writes there


def open_model(path: Path, options: RunOptions) -> OpenvinoModel:
    """Read and compile a model; it computes in float32, also where the processor has bfloat16.

    Raises
    ------
    InputError
        Where OpenVINO is not installed, has no such device, or cannot read the file.
    """
    try:
        import openvino
    except ImportError:
        raise InputError("OpenVINO is not installed: pip install openvino") from None
    core = openvino.Core()
    device = options.providers[0].upper()
    if device not in (known := core.available_devices):
        raise InputError(f"{options.providers[0]}: OpenVINO has no such device here ({', '.join(known)} expected)")
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    settings = {"INFERENCE_PRECISION_HINT": "f32"} | (
        {"INFERENCE_NUM_THREADS": str(options.threads)} if options.threads else {}
    )
    try:
        return OpenvinoModel(core.compile_model(core.read_model(path), device, settings))
    except RuntimeError as error:
        said = " ".join(str(error).split())
        raise InputError(f"{path}: OpenVINO cannot run it: {said}") from None


def _name(port: Any) -> str:
    return str(port.any_name) if port.names else str(port.node.friendly_name)


def _slot(port: Any) -> Slot:
    shape = tuple(length.get_length() if length.is_static else None for length in port.partial_shape)
    return Slot(_name(port), np.dtype(port.element_type.to_dtype()), shape)
