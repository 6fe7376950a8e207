"""ONNX files by onnxruntime."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lesion.deploy.contract import Array, RunOptions, Slot
from lesion.errors import InputError

if TYPE_CHECKING:
    import onnxruntime

DTYPES = {
    "float": "float32", "double": "float64", "float16": "float16", "bool": "bool", "int8": "int8", "uint8": "uint8",
    "int16": "int16", "uint16": "uint16", "int32": "int32", "uint32": "uint32", "int64": "int64", "uint64": "uint64",
}  # fmt: skip
"""Element types of ONNX by onnxruntime's names, and numpy's names for them."""

ENDING = "ExecutionProvider"


class OnnxModel:
    """A session of onnxruntime."""

    def __init__(self, session: "onnxruntime.InferenceSession") -> None:
        self._session = session
        self.inputs = tuple(map(_slot, session.get_inputs()))
        self.outputs = tuple(map(_slot, session.get_outputs()))

    def run(self, feeds: Mapping[str, Array], output: str) -> Array:
        """As `contract.Model.run`."""
        try:
            [found] = self._session.run([output], dict(feeds))
        except Exception as error:  # onnxruntime's errors have no common base but this
            raise RuntimeError(_reason(error)) from None
        return np.asarray(found)


def open_model(path: Path, options: RunOptions) -> OnnxModel:
    """Open a model.

    Raises
    ------
    InputError
        Where onnxruntime is not installed, a provider is not there, the file is missing or not ONNX, or a file of
        external weights is missing or too short.
    """
    try:
        import onnxruntime
    except ImportError:
        raise InputError('onnxruntime is not installed: pip install "lesion[onnx]"') from None
    providers = _providers(options.providers, onnxruntime.get_available_providers())
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 4  # errors come as exceptions
    try:
        session = onnxruntime.InferenceSession(str(path), settings, providers=providers)
    except Exception as error:  # as above
        raise InputError(_refusal(path, error)) from None
    if session.get_providers()[0] != providers[0]:
        raise InputError(f"{providers[0]}: onnxruntime cannot start it here, and would run on the processor instead")
    return OnnxModel(session)


def _slot(found: Any) -> Slot:
    inner = found.type.removeprefix("tensor(").removesuffix(")")
    known = found.type.startswith("tensor(") and inner in DTYPES
    shape = tuple(length if isinstance(length, int) and length > 0 else None for length in found.shape)
    return Slot(found.name, np.dtype(DTYPES[inner]) if known else None, shape if known and shape else None)


def _providers(wanted: tuple[str, ...], available: list[str]) -> list[str]:
    """Full names of providers: `cuda` is CUDAExecutionProvider. InputError for one that is not there."""
    known = {name.removesuffix(ENDING).lower(): name for name in available}
    found = []
    for name in wanted:
        short = name.removesuffix(ENDING).lower()
        if short not in known:
            raise InputError(f"{name}: onnxruntime has no such provider here ({', '.join(known)} expected)")
        found.append(known[short])
    return found


def _reason(error: Exception) -> str:
    """What onnxruntime says, on one line, without its codes."""
    return " ".join(str(error).rpartition("[ONNXRuntimeError] :")[2].split())


def _refusal(path: Path, error: Exception) -> str:
    kind, said = type(error).__name__, _reason(error)
    if kind == "InvalidProtobuf" or "No graph was found" in said:
        with path.open("rb") as file:
            pointer = file.read(8) == b"version "
        return f"{path}: not an ONNX file" + (" but a pointer of Git LFS; `git lfs pull` fetches it" if pointer else "")
    if "xternal data" in said and "does not exist" in said:
        return f"{path}: a file of weights that it refers to is missing: {said.rpartition('exist: ')[2]}"
    if "xternal" in said and "out of bounds" in said:
        return f"{path}: a file of weights that it refers to is too short"
    return f"{path}: onnxruntime cannot run it: {said}"
