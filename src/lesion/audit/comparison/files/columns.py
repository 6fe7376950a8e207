"""A column of a long file, gathered block by block as small integers: memory is a few bytes a row, never the text."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lesion.audit.comparison.files.cells import Cells
from lesion.audit.comparison.files.spelling import NUMBER
from lesion.errors import InputError

Integers = npt.NDArray[np.integer]

MISSING = "(missing)"
"""The group of examples without a value."""
DECIMAL_COMMA = r"^[-+]?[0-9]+,[0-9]+$"


def compact(values: npt.NDArray[np.int64]) -> Integers:
    """The same integers in the smallest signed type that holds them."""
    for dtype in (np.int8, np.int16, np.int32):
        bounds = np.iinfo(dtype)
        if not len(values) or (bounds.min <= values.min() and values.max() <= bounds.max):
            return values.astype(dtype)
    return values


def _of_rows(values: npt.NDArray[np.int64], places: Integers | None) -> Integers:
    return compact(values) if places is None else compact(values)[places]


def natural(name: str) -> tuple[object, ...]:
    """A key that sorts names as people count: `seed2` before `seed10`."""
    parts = re.split(r"([0-9]+)", name)
    return (*(int(part) if place % 2 else part for place, part in enumerate(parts)), name)


class Column:
    """Whole numbers that stand for themselves, or text that is numbered; which of them, the last block decides.

    Parameters
    ----------
    key : the texts are numbered in this order; as text without it
    any_text : fractions are texts too, as where a model answers 2.5
    """

    def __init__(
        self, path: Path, name: str, key: Callable[[str], Any] | None = None, *, any_text: bool = False
    ) -> None:
        self.path, self.name, self._key, self._any_text = path, name, key, any_text
        self._chunks: list[tuple[bool, Integers]] = []  # whether it holds numbers of texts; the integers
        self._codes: dict[str, int] = {}

    def add(self, cells: Cells) -> None:
        """Append a block of which no cell is missing; InputError for numbers that are not whole."""
        if pa.types.is_integer(cells.values.type):
            self._chunks.append((False, _of_rows(cells.values.to_numpy(), cells.places)))
            return
        if not self._any_text:
            self._refuse_fractions(cells.values)
        code = [self._codes.setdefault(name, len(self._codes)) for name in cells.values.to_pylist()]
        self._chunks.append((True, _of_rows(np.array(code, dtype=np.int64), cells.places)))

    def _refuse_fractions(self, texts: pa.StringArray) -> None:
        if pc.all(pc.match_substring_regex(texts, DECIMAL_COMMA)).as_py():
            raise InputError(
                f"{self.path}: column {self.name} holds {texts[0]}, with a decimal comma; a point expected"
            )
        if not pc.all(pc.match_substring_regex(texts, NUMBER)).as_py():
            return
        for number in texts.to_pylist():
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
        names = tuple(sorted(self._codes, key=self._key))
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

    def add(self, cells: Cells) -> None:
        """Append a block."""
        if self._codes is None:
            return
        values, places = cells.values, cells.places
        if places is None:
            encoded = values.dictionary_encode("encode")
            values, places = encoded.dictionary, encoded.indices.to_numpy()
        codes, names = self._codes, values.cast(pa.string()).fill_null(MISSING)
        code = [codes.setdefault(name, len(codes)) for name in names.to_pylist()]
        if len(codes) > self.MOST:
            self._codes, self.chunks = None, []
        else:
            self.chunks.append(_of_rows(np.array(code, dtype=np.int64), places))


def recoding(names: Any, among: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Where each of `names` stands among others: int64 (names,)."""
    place = {name: index for index, name in enumerate(among)}
    return np.array([place[name] for name in names], dtype=np.int64)


def as_texts(arrays: list[Integers]) -> tuple[list[Integers], tuple[str, ...]]:
    """Integers as places among their decimal digits, sorted as text: the same shapes, and the texts."""
    values = distinct(arrays)
    digits = [str(value) for value in values]
    names = tuple(sorted(digits))
    rank = compact(recoding(digits, names))
    return [rank[np.searchsorted(values, array)] for array in arrays], names


def distinct(chunks: list[Integers]) -> npt.NDArray[np.int64]:
    """All values of the blocks, sorted; at no time more of them are held than twice what there are, and a block."""
    found, pending, size = np.empty(0, dtype=np.int64), [], 0
    for chunk in chunks:
        pending.append(np.unique(chunk).astype(np.int64))
        size += len(pending[-1])
        if size > len(found):
            found, pending, size = np.unique(np.concatenate([found, *pending])), [], 0
    return np.unique(np.concatenate([found, *pending]))
