"""Named arrays in one safetensors file: images and statistics, read without torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from lesion.artifacts.atomic import replacing
from lesion.artifacts.provenance import facts, provenance
from lesion.errors import InputError

Arrays = dict[str, np.ndarray[Any, Any]]


def write_arrays(path: Path, arrays: Arrays, **known: Any) -> None:
    """Write `arrays` whole or not at all, with `known` in the metadata."""
    with replacing(path) as temporary:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, temporary, provenance(**known))


def read_arrays(path: Path, names: list[str] | None = None) -> tuple[Arrays, dict[str, Any]]:
    """The arrays of a file, all or those of `names` that it has, and the facts of its metadata."""
    with _opened(path) as file:
        held = [name for name in file.keys() if names is None or name in names]  # noqa: SIM118
        return {name: file.get_tensor(name) for name in held}, facts(file.metadata())


def read_metadata(path: Path) -> dict[str, str]:
    """A safetensors file's metadata, of arrays or a checkpoint, as `provenance.provenance` made it."""
    with _opened(path) as file:
        return dict(file.metadata() or {})


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: not a readable safetensors file ({error})") from None
