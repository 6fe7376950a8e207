"""What the classes of a model file are called, and which of them the labels are."""

from collections.abc import Sequence
from pathlib import Path
from unicodedata import normalize

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.deploy.given import Given
from lesion.errors import InputError
from lesion.params.document import nearest


def read_lines(path: Path) -> list[str]:
    """The lines of a text file; blank ones at its end are dropped.

    Raises
    ------
    InputError
        Where the file is missing, not UTF-8, or a line within it is blank.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not text in UTF-8") from None
    lines = [line.strip() for line in text.rstrip().splitlines()]
    if "" in lines:
        raise InputError(f"{path}: line {lines.index('') + 1} is blank, a name is expected")
    return lines


def read_labels(path: Path) -> pa.Array:
    """Labels of examples in their order: `.npy` of integers or text (n,), or a text file with a line each."""
    if path.suffix.lower() != ".npy":
        return pa.array(read_lines(path), pa.string())
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: not a readable array ({str(error).splitlines()[0]})") from None
    if values.ndim != 1:
        raise InputError(f"{path}: has the shape {values.shape}, (examples,) is expected")
    return pa.array(values.tolist())


def class_names(path: Path | None, given: Given, classes: int) -> tuple[str, ...] | None:
    """The names of the model's classes in its order; None if they have none.

    Those of the file `path`, else the folders of the examples in the order of their names, if there are as many.

    Raises
    ------
    InputError
        Where there are more or fewer names than classes, or a name is there twice.
    """
    if path is not None:
        names, source = tuple(read_lines(path)), path
    elif given.folders is not None:
        names, source = given.folders, given.source
    else:
        return None
    if len(names) != classes:
        hint = "" if path is not None else "; say with --classes what the model's are called, in its order"
        raise InputError(f"{source}: names {len(names)} classes, the model has {classes}{hint}")
    if len(set(names)) < classes:
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{source}: the class {twice} is there twice")
    return names


def class_ids(label: pa.Array, names: Sequence[str] | None, classes: int, source: Path) -> npt.NDArray[np.int64]:
    """The labels as the model numbers its classes, int64 (n,): by their names in any Unicode form, or by number.

    Raises
    ------
    InputError
        Names the first label that is none of the classes.
    """
    keys = [normalize("NFC", str(one)) for one in label.to_pylist()]
    by_name = {normalize("NFC", name): place for place, name in enumerate(names or ())}
    by_number = {str(place): place for place in range(classes)}
    numbers = not by_name.keys() >= set(keys) and all(key.isdecimal() for key in keys)
    places = by_number if numbers else by_name
    if odd := next((key for key in keys if key not in places), None):
        hint = f" (0 to {classes - 1} expected; --classes gives them names)"
        if names is not None and not numbers:
            hint = nearest(odd, names)
        raise InputError(f"{source}: the label {odd} is none of the model's {classes} classes{hint}")
    return np.array([places[key] for key in keys], dtype=np.int64)
