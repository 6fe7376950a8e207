"""Reads the six published batches of CIFAR-10, in the binary format or in Python's format, which is a pickle.

A pickle can run any code. The unpickler here accepts only the parts of NumPy arrays and refuses the rest, so no code of
the file is executed. Lesion downloads the binary format, which is no pickle.
"""

import io
import pickle
import tarfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.errors import InputError

SIDE, CHANNELS = 32, 3
PIXELS = SIDE * SIDE * CHANNELS
TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST = "test_batch"
WANTED = {"batches.meta", "batches.meta.txt", *TRAIN, TEST, *(f"{name}.bin" for name in (*TRAIN, TEST))}
BINARY, PYTHON = "cifar-10-batches-bin", "cifar-10-batches-py"
ARRAY_PARTS = {  # callables in a pickled array, by module and name (`numpy.core` until NumPy 2)
    ("numpy.core.multiarray", "_reconstruct"): lambda *_: np.ndarray(0, np.uint8),  # an empty one, filled afterwards
    ("numpy._core.multiarray", "_reconstruct"): lambda *_: np.ndarray(0, np.uint8),
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}

Pixels = npt.NDArray[np.uint8]
Batch = tuple[Pixels, Pixels]  # planes (n, 3072), labels (n,)


class _ArrayUnpickler(pickle.Unpickler):
    """Accepts numbers, text, containers and arrays of numbers only."""

    def find_class(self, module: str, name: str) -> Any:
        """The callable of an array part; UnpicklingError for anything else."""
        if (module, name) in ARRAY_PARTS:
            return ARRAY_PARTS[module, name]
        raise pickle.UnpicklingError(f"{module}.{name} in it is no part of an array")


def _members(source: Path) -> dict[str, bytes]:
    """The bytes of the batches and their descriptions, by file name; InputError if the source cannot be read."""
    try:
        if source.is_dir():
            return {path.name: path.read_bytes() for path in source.iterdir() if path.name in WANTED}
        with tarfile.open(source, "r:*") as archive:
            files = [member for member in archive if member.isfile() and Path(member.name).name in WANTED]
            return {Path(member.name).name: archive.extractfile(member).read() for member in files}  # type: ignore[union-attr]
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise InputError(f"{source}: not readable as the archive of CIFAR-10 ({error})") from None


def _binary(content: bytes) -> Batch:
    """Decode the binary format: rows of a label and 3,072 pixels."""
    rows = np.frombuffer(content, dtype=np.uint8).reshape(-1, 1 + PIXELS)
    return rows[:, 1:], rows[:, 0]


def _python(content: bytes) -> Batch:
    """Decode Python's format: a dictionary with `data` and `labels`."""
    held = _ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    planes, label = held[b"data"], np.array(held[b"labels"], dtype=np.uint8)
    if planes.dtype != np.uint8 or planes.shape != (len(label), PIXELS):
        raise ValueError(f"{planes.dtype} {planes.shape} found")
    return planes, label


def _class_names(members: dict[str, bytes]) -> tuple[str, ...]:
    """The names of the classes, in order of label."""
    if (text := members.get("batches.meta.txt")) is not None:
        return tuple(text.decode().split())
    held = _ArrayUnpickler(io.BytesIO(members["batches.meta"]), encoding="bytes").load()
    return tuple(name.decode() for name in held[b"label_names"])


def read_batches(source: Path) -> tuple[Pixels, npt.NDArray[np.int16], int, tuple[str, ...]]:
    """Read all batches from an archive or its unpacked folder, in either format.

    Returns
    -------
    Images uint8 (n, 32, 32, 3); labels int16 (n,); number of training images, which come first; class names.

    Raises
    ------
    InputError
        Names the source and the batch that is missing or invalid.
    """
    members = _members(source)
    suffix, read = (".bin", _binary) if "batches.meta.txt" in members else ("", _python)
    name = "batches.meta"
    batches = []
    try:
        classes = _class_names(members)
        for name in (*TRAIN, TEST):
            planes, label = read(members[name + suffix])
            if len(label) == 0 or label.max() >= len(classes):
                raise ValueError(f"labels of 0 to {len(classes) - 1} expected")
            batches.append((planes, label))
    except KeyError as missing:
        raise InputError(f"{source}: {missing} is missing, the batches of CIFAR-10 are expected") from None
    except Exception as error:  # an unpickler raises all kinds on other bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{source}: {name} is not a batch of CIFAR-10 ({reason})") from None
    total = sum(len(label) for _, label in batches)
    images, start = np.empty((total, SIDE, SIDE, CHANNELS), dtype=np.uint8), 0
    for planes, label in batches:
        images[start : start + len(label)] = planes.reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1)
        start += len(label)
    labels = np.concatenate([label for _, label in batches]).astype(np.int16)
    return images, labels, total - len(batches[-1][1]), classes
