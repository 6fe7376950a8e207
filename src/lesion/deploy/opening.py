"""Opens a model file with the runtime that the user names, or that its suffix tells."""

from importlib import import_module
from pathlib import Path
from typing import cast

from lesion.deploy.choices import Runtime
from lesion.deploy.contract import Model, RunOptions

MODULES = {"onnxruntime": "onnx_runtime", "openvino": "openvino_runtime", "litert": "litert_runtime"}


def open_model(path: Path, runtime: Runtime, options: RunOptions) -> Model:
    """Open a model file; `auto` is LiteRT for `.tflite`, OpenVINO for `.xml`, else onnxruntime.

    Raises
    ------
    InputError
        Where the runtime is not installed (the message has the command that does it), or cannot run the file.
    """
    chosen = {".tflite": "litert", ".xml": "openvino"}.get(path.suffix, "onnxruntime") if runtime == "auto" else runtime
    module = import_module(f"lesion.deploy.runtimes.{MODULES[chosen]}")
    return cast(Model, module.open_model(path, options))
