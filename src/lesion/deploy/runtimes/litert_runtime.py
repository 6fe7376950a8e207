"""TensorFlow Lite files by LiteRT."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lesion.deploy.contract import Array, RunOptions, Slot
from lesion.errors import InputError


class LiteModel:
    """An interpreter of LiteRT. Integer inputs and outputs with a scale are taken and given as the floats they mean."""

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        self._takes = {str(known["name"]): known for known in interpreter.get_input_details()}
        self._gives = {str(known["name"]): known for known in interpreter.get_output_details()}
        self.inputs = tuple(_slot(name, known) for name, known in self._takes.items())
        self.outputs = tuple(_slot(name, known) for name, known in self._gives.items())

    def run(self, feeds: Mapping[str, Array], output: str) -> Array:
        """As `contract.Model.run`."""
        try:
            for name, known in self._takes.items():
                if tuple(known["shape"]) != feeds[name].shape:
                    self._interpreter.resize_tensor_input(known["index"], feeds[name].shape)
            self._interpreter.allocate_tensors()
            for name, known in self._takes.items():
                self._interpreter.set_tensor(known["index"], _quantised(feeds[name], known))
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise RuntimeError(" ".join(str(error).split())) from None
        found = np.array(self._interpreter.get_tensor(self._gives[output]["index"]))
        scale, zero = self._gives[output]["quantization"]
        return (found.astype(np.float32) - zero) * np.float32(scale) if scale else found


def open_model(path: Path, options: RunOptions) -> LiteModel:
    """Open a model.

    Raises
    ------
    InputError
        Where LiteRT is not installed, another provider than the processor is asked for, or the file is missing or not
        a TensorFlow Lite model.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise InputError("LiteRT is not installed: pip install ai-edge-litert") from None
    if options.providers != ("cpu",):
        raise InputError(f"{options.providers[0]}: LiteRT runs on the processor here, cpu is expected")
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        return LiteModel(Interpreter(str(path), num_threads=options.threads or None))
    except (ValueError, RuntimeError) as error:
        raise InputError(f"{path}: not a TensorFlow Lite model: {' '.join(str(error).split())}") from None


def _slot(name: str, known: Mapping[str, Any]) -> Slot:
    scale, _ = known["quantization"]
    shape = tuple(int(length) if length > 0 else None for length in known["shape_signature"])
    return Slot(name, np.dtype(np.float32 if scale else known["dtype"]), shape)


def _quantised(values: Array, known: Mapping[str, Any]) -> Array:
    scale, zero = known["quantization"]
    if not scale:
        return values
    limits = np.iinfo(known["dtype"])
    return np.asarray(np.clip(np.rint(values / scale) + zero, limits.min, limits.max), dtype=known["dtype"])
