"""What every artifact says of itself: who made it, and the study, the variant, the seeds.

Tables in CSV say nothing of themselves: they have no place for it that every reader passes over.
"""

import json
import sys
from importlib.metadata import version
from typing import Any

KEY = "lesion"  # the metadata key, in Parquet and in safetensors alike
MADE_BY = "made_by"  # kept apart from the facts, which are handed on to what is made of an artifact
DEVICE = "device"

LIBRARIES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "pyarrow": "pyarrow",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "torchvision": "torchvision",
    "torchao": "torchao",
    "timm": "timm",
}
"""Module -> distribution of the libraries whose version can change a result."""


def provenance(**facts: Any) -> dict[str, str]:
    """Metadata of an artifact: `{KEY: JSON}` with `facts` and its maker, keys sorted so that bytes repeat."""
    return {KEY: json.dumps(facts | {MADE_BY: maker()}, sort_keys=True)}


def facts(metadata: dict[str, str] | None) -> dict[str, Any]:
    """The facts that `provenance` was given, or none where a file does not carry any; its maker is not among them."""
    found = _read(metadata)
    found.pop(MADE_BY, None)
    return found


def made_by(metadata: dict[str, str] | None) -> dict[str, str]:
    """The `maker` of an artifact; empty where it does not say."""
    return dict(_read(metadata).get(MADE_BY, {}))


def _read(metadata: dict[str, str] | None) -> dict[str, Any]:
    return dict(json.loads((metadata or {}).get(KEY, "{}")))


def maker() -> dict[str, str]:
    """Versions of lesion and of those of `LIBRARIES` that this process has loaded; with torch, the device.

    The device is the name of the GPU that the process has used, or `cpu` with the instructions that torch's kernels
    use there (`cpu AVX512`). Everything is the same for the same step on the same machine.
    """
    known = {"lesion": version("lesion")}
    for module, distribution in LIBRARIES.items():
        if module in sys.modules:
            known[distribution] = release(sys.modules[module].__version__)
    if (torch := sys.modules.get("torch")) is not None:
        known[DEVICE] = torch.cuda.get_device_name() if torch.cuda.is_initialized() else cpu(torch)
    return known


def release(version: str) -> str:
    """A version without its local part, which a module and its distribution do not tell alike (`2.14.1+cu130`)."""
    return version.partition("+")[0]


def cpu(torch: Any) -> str:
    """The processor as torch's kernels see it; `torch` is the module, which nothing here imports."""
    return f"cpu {torch.backends.cpu.get_cpu_capability()}"
