"""What every artifact says of itself: who made it, and the study, the variant, the seeds.

Tables in CSV say nothing of themselves: they have no place for it that every reader passes over.
"""

import json
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

KEY = "lesion"  # the metadata key, in Parquet and in safetensors alike
MADE_BY = "made_by"  # kept apart from the facts, which are handed on to what is made of an artifact
DEVICE = "device"

BASE = ("lesion", "numpy", "scipy", "pyarrow")
"""Distributions whose version can change any result."""

WITH_TORCH = ("torch", "torchvision", "torchao", "timm", "pillow", "opencv-python-headless")
"""Those whose version can change what is computed with networks and images."""


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
    """Versions of `BASE`; where this process has loaded torch, of those of `WITH_TORCH` that are installed; the device.

    The device is the name of the GPU that the process has used, or `cpu` with the instructions that torch's kernels
    use there (`cpu AVX512`). Steps of the audit never load torch: their artifacts are the same where it is not
    installed. No other library is looked up by whether it is loaded, since one process may run several steps.
    """
    torch = sys.modules.get("torch")
    names = BASE if torch is None else BASE + WITH_TORCH
    known = {name: found for name in names if (found := installed(name)) is not None}
    if torch is not None:
        known[DEVICE] = torch.cuda.get_device_name() if torch.cuda.is_initialized() else cpu(torch)
    return known


@cache
def installed(distribution: str) -> str | None:
    """The version of a distribution, None where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def cpu(torch: Any) -> str:
    """The processor as torch's kernels see it; `torch` is the module, which nothing here imports."""
    return f"cpu {torch.backends.cpu.get_cpu_capability()}"
