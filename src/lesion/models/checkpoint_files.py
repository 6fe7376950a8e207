"""Reads the tensors in checkpoints of other projects, whatever the format. No code in a file is run."""

import argparse
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy._core import multiarray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from lesion.errors import InputError

NESTED = ("state_dict", "model_state_dict", "model", "net", "network")
"""Keys under which training scripts store the weights, also nested."""

DEEPEST = 4  # levels of nesting; a pickle may contain itself

NOT_A_CHECKPOINT = (
    (rb"version https://git-lfs", "a Git LFS pointer and not the file itself; `git lfs pull` fetches it"),
    (rb"\s*<(!doctype|html|\?xml)", "a web page; the download failed"),
    (rb"\x89HDF", "an HDF5 file; a state dict of PyTorch or safetensors is expected"),
    (rb"\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd", "a compressed file; unpack it first"),
    (rb"\s*[\[{]", "a JSON text; the file of the weights is expected"),
)
"""First bytes (a pattern) of files that are often mistaken for a checkpoint -> what such a file is."""

LONGEST_HEADER = 2**32
"""Upper bound on the header's length in a safetensors file, which starts with it (8 bytes); text has larger numbers."""

PLAIN: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    argparse.Namespace,  # settings of a training script
    np.dtype,
    *{type(np.dtype(code)) for code in "?bhilqBHILQefdU"},
    np.ndarray,
    *[
        (getattr(multiarray, name), f"numpy.{core}.multiarray.{name}")  # numpy 1 says core, numpy 2 _core
        for name in ("scalar", "_reconstruct")
        for core in ("core", "_core")
    ],
]
"""Classes and functions that a pickle may use beside those of tensors: they hold numbers and run no code."""


def read_state(file: Path) -> dict[str, Tensor]:
    """Read the tensors of a checkpoint by their names in the file. Numbers and text beside them are ignored.

    The first bytes tell the format: safetensors, or a file of `torch.save`.

    Raises
    ------
    InputError
        If the file is missing, has neither format, has no state dict or several, or contains an object whose loading
        could run code.
    """
    try:
        with file.open("rb") as opened:
            start = opened.read(512)
    except FileNotFoundError:
        raise InputError(f"{file}: the checkpoint is missing") from None
    except OSError as error:
        raise InputError(f"{file}: not a readable file ({error.strerror})") from None
    if not start:
        raise InputError(f"{file}: the file is empty")
    if int.from_bytes(start[:8], "little") < LONGEST_HEADER and start[8:9] == b"{":
        return _weights(_read_safetensors(file), file)
    for pattern, what in NOT_A_CHECKPOINT:
        if re.match(pattern, start, re.IGNORECASE):
            raise InputError(f"{file}: {what}")
    return _weights(_read_torch(file), file)


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    try:
        return dict(load_file(file))
    except (OSError, SafetensorError) as error:
        raise InputError(f"{file}: not a readable safetensors file ({error})") from None


def _read_torch(file: Path) -> Any:
    try:
        with file.open("rb") as opened, warnings.catch_warnings(), torch.serialization.safe_globals(PLAIN):
            warnings.simplefilter("ignore")
            return torch.load(opened, "cpu", weights_only=True)  # given a path it would look at the suffix
    except Exception as error:  # the reader raises all kinds of errors on other bytes
        raise InputError(f"{file}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """Why `torch.load` failed, in one line, without the unsafe advice in its own messages."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    if named := re.search(r"GLOBAL (\S+)", text):
        return f"holds a {named[1]}, which is not loaded since it could run code; save the state dict alone"
    if "TorchScript" in text:
        return "a TorchScript archive; save the state dict alone"
    first = "" if "weights_only" in text else ": " + " ".join(text.partition("\n")[0].split())
    return f"not a checkpoint of tensors ({type(error).__name__}{first})"


def _weights(found: Any, file: Path) -> dict[str, Tensor]:
    state_dicts = _state_dicts(found)
    if not state_dicts:
        raise InputError(f"{file}: a state dict is expected, of tensors by name")
    if len(state_dicts) > 1:
        raise InputError(f"{file}: has tensors in {' and in '.join(state_dicts)}; save the state dict of one model")
    (state,) = state_dicts.values()
    return {name: value for name, value in state.items() if isinstance(name, str) and isinstance(value, Tensor)}


def _state_dicts(found: Any, where: tuple[str, ...] = ()) -> dict[str, Mapping[Any, Any]]:
    """The state dicts under keys of `NESTED`, by their joined keys; `found` itself if it is one and contains none."""
    if not isinstance(found, Mapping) or len(where) > DEEPEST:
        return {}
    inner: dict[str, Mapping[Any, Any]] = {}
    for key in NESTED:
        inner |= _state_dicts(found.get(key), (*where, key))
    if inner or not any(isinstance(name, str) and isinstance(value, Tensor) for name, value in found.items()):
        return inner
    return {"/".join(where): found}
