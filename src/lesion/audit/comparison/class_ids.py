"""Arrays of classes, by number or by name, as places among all classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.audit.comparison.files.cells import Cells
from lesion.errors import InputError

Integers = npt.NDArray[np.integer]
TEXT = "OUST"  # kinds of NumPy's types that hold text, or anything


@dataclass(frozen=True)
class Classes:
    """Arrays whose classes are numbers.

    Attributes
    ----------
    arrays : the same shapes; class ids of 0 and up, or places in `called` where classes are called by text
    called : the texts, None where classes are numbers
    names : of the classes 0, 1, …, where classes are numbers and names were given
    """

    arrays: dict[str, Integers]
    called: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None


def class_ids(given: Mapping[str, npt.ArrayLike], class_names: Sequence[str] | None = None) -> Classes:
    """Classes by number or by name, in the spelling of files: `7` and 7.0 are 7, blanks around names are dropped.

    Parameters
    ----------
    given : what errors call an array → the array
    class_names : of the classes 0, 1, …; the names that occur, in alphabetical order, without

    Raises
    ------
    InputError
        Where an array holds anything else, or one holds names and another numbers; the message names it.
    """
    read = {name: _read(name, values) for name, values in given.items()}
    texts = {name: array for name, array in read.items() if array.dtype == object}
    known = None if class_names is None else _checked(class_names)
    if not texts:
        for name, array in read.items():
            if array.min() < 0:
                raise InputError(f"{name}: holds {array.min()}; class ids are 0 and up")
        return Classes(read, names=known)
    named = {name: array if array.dtype == object else array.astype(str).astype(object) for name, array in read.items()}
    occurring = {name: set(array.ravel().tolist()) for name, array in named.items()}
    for name in read.keys() - texts.keys():  # digits may be names, too
        text = next(iter(texts))
        if not occurring[name] & set.union(*(occurring[other] for other in texts)):
            raise InputError(
                f"{name}: holds integers, such as {min(occurring[name])}, and {text} names, such as"
                f" {min(occurring[text])}; the same expected in both"
            )
    called = known or tuple(sorted(set.union(*occurring.values())))
    place = {name: number for number, name in enumerate(called)}
    for name, texts_in in occurring.items():
        if unknown := sorted(texts_in - place.keys()):
            near = get_close_matches(unknown[0], called, 1)
            raise InputError(f"{name}: {unknown[0]} is none of class_names{f'; {near[0]} is' if near else ''}")
    return Classes(
        {name: np.vectorize(place.__getitem__, otypes=[np.int64])(array) for name, array in named.items()}, called
    )


def _checked(class_names: Sequence[str]) -> tuple[str, ...]:
    names = tuple(str(name).strip() for name in class_names)
    if not names:
        raise InputError("class_names: holds nothing")
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise InputError(f"class_names: {twice[0]} is there {names.count(twice[0])} times, once expected")
    return names


def _read(name: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Integers, or an array of text (dtype object), of the same shape."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{name}: holds rows of different lengths, one answer an example expected in each") from None
    if not array.size:
        raise InputError(f"{name}: holds nothing")
    if array.dtype == bool:
        return array.astype(np.int8)
    if np.issubdtype(array.dtype, np.integer):
        return array
    if array.dtype.kind not in TEXT:
        raise InputError(f"{name}: is of type {array.dtype}, integers expected, or names of classes")
    cells = Cells(arrow(array.ravel()))
    if (missing := cells.missing).any():
        raise InputError(
            f"{name}: is missing for {int(missing.sum())} of {missing.size:,}, a class expected in each place"
        )
    distinct = np.asarray(cells.values.to_numpy(zero_copy_only=False))
    return (distinct if cells.places is None else distinct[cells.places]).reshape(array.shape)


def arrow(values: npt.NDArray[Any]) -> pa.Array:
    """The values in Arrow's memory; of several types, as numbers among names, as text."""
    try:
        return pa.array(values.tolist() if values.dtype.kind in TEXT else values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array(
            [value if value is None or value != value else str(value) for value in values], from_pandas=True
        )
