"""A column of a long file, gathered block by block as small integers: memory is a few bytes a row, never the text."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lesion.errors import InputError

Integers = npt.NDArray[np.integer]

WHOLE = r"^(0|-?[1-9][0-9]*)(\.0+)?$"  # 007 is a name: read as 7 it could not be told from 7
NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"


def compact(values: npt.NDArray[np.int64]) -> Integers:
    """The same integers in the smallest signed type that holds them."""
    for dtype in (np.int8, np.int16, np.int32):
        bounds = np.iinfo(dtype)
        if not len(values) or (bounds.min <= values.min() and values.max() <= bounds.max):
            return values.astype(dtype)
    return values


def plain(values: pa.Array) -> pa.Array:
    """Integers as int64, all else as text: what a CSV file would hold."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_integer(values.type):
        return values.cast(pa.int64())
    if pa.types.is_boolean(values.type):
        return pc.if_else(values, "True", "False")  # as pandas writes them
    return values.cast(pa.string())


def missing(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Which of the `plain` values are null, empty or NaN: bool (rows,)."""
    empty = pc.is_null(values)
    if pa.types.is_string(values.type):
        empty = pc.or_(empty, pc.match_substring_regex(pc.fill_null(values, ""), r"^\s*$|^[-+]?[nN][aA][nN]$"))
    return np.asarray(empty.to_numpy(zero_copy_only=False))


def _integers(values: pa.Array) -> npt.NDArray[np.int64] | None:
    """The values as integers where all are whole numbers, else None."""
    if pa.types.is_string(values.type):
        if not pc.all(pc.match_substring_regex(values, WHOLE)).as_py():
            return None
        try:
            values = pc.replace_substring_regex(values, r"\.0+$", "").cast(pa.int64())
        except pa.ArrowInvalid:  # more than 64 bits: a name made of digits
            return None
    return np.asarray(values.to_numpy(zero_copy_only=False))


class Column:
    """Whole numbers that stand for themselves, or text that is numbered; which of them, the last block decides."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self._chunks: list[tuple[bool, Integers]] = []  # whether it holds numbers of texts; the integers
        self._codes: dict[str, int] = {}

    def add(self, values: pa.Array) -> None:
        """Append a block of `plain` values of which none is missing; InputError for numbers that are not whole."""
        integers = _integers(values)
        if integers is not None:
            self._chunks.append((False, compact(integers)))
            return
        encoded = values.dictionary_encode()
        names = encoded.dictionary.to_pylist()
        if pc.all(pc.match_substring_regex(encoded.dictionary, NUMBER)).as_py():
            self._refuse_fractions(names)
        code = np.array([self._codes.setdefault(name, len(self._codes)) for name in names], dtype=np.int64)
        self._chunks.append((True, compact(code[encoded.indices.to_numpy()])))

    def _refuse_fractions(self, numbers: list[str]) -> None:
        for number in numbers:
            if not float(number).is_integer():
                raise InputError(f"{self.path}: column {self.name} holds {number}; whole numbers or text expected")

    def finish(self) -> tuple[list[Integers], tuple[str, ...] | None]:
        """The blocks, and the sorted texts that they number; None where they are numbers that stand for themselves."""
        if not self._codes:
            return [chunk for _, chunk in self._chunks], None
        for place, (text, chunk) in enumerate(self._chunks):
            if not text:
                found, back = np.unique(chunk, return_inverse=True)
                code = [self._codes.setdefault(str(number), len(self._codes)) for number in found]
                self._chunks[place] = True, compact(np.array(code, dtype=np.int64)[back])
        names = tuple(sorted(self._codes))
        rank = recoding([*self._codes], names)
        return [compact(rank[chunk]) for _, chunk in self._chunks], names


class Attribute:
    """What a column says of the examples, as numbered text; given up once it has too many values to name groups."""

    MOST = 256

    def __init__(self) -> None:
        self.chunks: list[Integers] = []
        self._codes: dict[str, int] | None = {}

    @property
    def names(self) -> list[str] | None:
        """The texts that the blocks number; None where there were too many."""
        return None if self._codes is None else list(self._codes)

    def add(self, values: pa.Array) -> None:
        """Append a block of `plain` values."""
        if self._codes is None:
            return
        codes, text = self._codes, pc.if_else(pa.array(missing(values)), "(missing)", values.cast(pa.string()))
        encoded = text.dictionary_encode()
        code = [codes.setdefault(name, len(codes)) for name in encoded.dictionary.to_pylist()]
        if len(codes) > self.MOST:
            self._codes, self.chunks = None, []
        else:
            self.chunks.append(compact(np.array(code, dtype=np.int64)[encoded.indices.to_numpy()]))


def recoding(names: Any, among: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Where each of `names` stands among others: int64 (names,)."""
    place = {name: index for index, name in enumerate(among)}
    return np.array([place[name] for name in names], dtype=np.int64)


def distinct(chunks: list[Integers]) -> npt.NDArray[np.int64]:
    """All values of the blocks, sorted; at no time more of them are held than twice what there are, and a block."""
    found, pending, size = np.empty(0, dtype=np.int64), [], 0
    for chunk in chunks:
        pending.append(np.unique(chunk).astype(np.int64))
        size += len(pending[-1])
        if size > len(found):
            found, pending, size = np.unique(np.concatenate([found, *pending])), [], 0
    return np.unique(np.concatenate([found, *pending]))
