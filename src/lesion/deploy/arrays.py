"""Examples in arrays: `.npy`, read where it lies, and `.npz`."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa

from lesion.deploy.contract import Array
from lesion.deploy.given import Feeds, Given
from lesion.errors import InputError

RESERVED = ("label", "example_id")


def read_arrays(path: Path, names: tuple[str, ...]) -> Given:
    """The examples of an array, or of a file of several arrays.

    Parameters
    ----------
    path : `.npy` (n, …); or `.npz` with the inputs by the model's names (a single one may have any name), and perhaps
        `label`, `example_id` and attributes of the examples, each (n,)
    names : of the model's inputs

    Raises
    ------
    InputError
        Where the file is no such thing, or its arrays have different lengths.
    """
    held = _held(path)
    inputs, columns = _sorted(path, held, names)
    count = len(next(iter(inputs.values())))
    if odd := next((name for name, values in {**inputs, **columns}.items() if len(values) != count), None):
        raise InputError(f"{path}: {odd} has {len(held[odd])} rows, {count} expected")
    if not count:
        raise InputError(f"{path}: has no example")

    def read(start: int, stop: int) -> Feeds:
        return {name: np.asarray(values[start:stop]) for name, values in inputs.items()}

    named = {name: pa.array(values.tolist()) for name, values in columns.items()}
    ids, label = named.pop("example_id", pa.array(range(count))), named.pop("label", None)
    return Given(path, count, read, ids, label, named)


def _held(path: Path) -> dict[str, Array]:
    try:
        if path.suffix.lower() == ".npy":
            return {path.name: np.load(path, mmap_mode="r", allow_pickle=False)}
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (ValueError, EOFError, KeyError, BadZipFile) as error:  # of another file, or of objects
        raise InputError(f"{path}: not a readable array ({str(error).splitlines()[0]})") from None


def _sorted(path: Path, held: dict[str, Array], names: tuple[str, ...]) -> tuple[Feeds, dict[str, Array]]:
    """The arrays that are inputs, and the columns beside them."""
    if scalar := next((name for name, values in held.items() if values.ndim == 0), None):
        raise InputError(f"{path}: {scalar} is a single number, an array (n, …) is expected")
    inputs = held if len(held) == 1 else {name: values for name, values in held.items() if name in names}
    if not inputs:
        able = [name for name, values in held.items() if name not in RESERVED and values.ndim > 1]
        if len(able) != 1:
            raise InputError(f"{path}: has the arrays {', '.join(held)}; one by the name {names[0]} is expected")
        inputs = {able[0]: held[able[0]]}
    columns = {name: values for name, values in held.items() if name not in inputs}
    if odd := next((name for name, values in columns.items() if values.ndim != 1), None):
        raise InputError(f"{path}: {odd} has the shape {columns[odd].shape}; the model takes {', '.join(names)}")
    return inputs, columns
