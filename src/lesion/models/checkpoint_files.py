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
from lesion.models.checkpoint_kinds import other_kind
from lesion.models.checkpoint_parts import parts
from lesion.models.state_dicts import select

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


def read_state(file: Path, key: str | None = None) -> dict[str, Tensor]:
    """Read the tensors of a checkpoint by their names in the file. Numbers and text beside them are ignored.

    The first bytes tell the format: safetensors, a file of `torch.save`, or the JSON index of several such files.

    Parameters
    ----------
    key : which tensors are taken, of a file with several state dicts: keys of mappings, joined by slashes
        (`state_dict_ema`, `ema/model`), or a prefix of names (`ema_model`)

    Raises
    ------
    InputError
        If the file is missing, has no such format, has no state dict or several, or contains an object whose loading
        could run code.
    """
    found: dict[str, Any] = {}
    for part in parts(file):
        read = _read(part)
        if not isinstance(read, Mapping):
            raise InputError(f"{part}: a state dict is expected, of tensors by name")
        if part != file and (twice := found.keys() & read.keys()):
            raise InputError(f"{file}: tensor {min(twice)} is in two files")
        found |= read
    return select(found, file, key)


def _read(file: Path) -> Any:
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
        return _read_safetensors(file)
    if what := other_kind(file, start):
        raise InputError(f"{file}: {what}")
    return _read_torch(file)


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
