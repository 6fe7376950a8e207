"""Rows in any order laid out as members × examples, once it is sure that there is one row for each."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.files.columns import Integers, compact, distinct
from lesion.audit.comparison.files.predictions import Texts
from lesion.errors import InputError


class Axis:
    """The distinct values of a column, sorted, and the place of each row among them, block by block."""

    def __init__(self, chunks: list[Integers], names: Texts | None) -> None:
        self.names = names
        self.values = np.arange(len(names)) if names is not None else distinct(chunks)
        for index, chunk in enumerate(chunks):
            chunks[index] = compact(np.searchsorted(self.values, chunk))  # in place: the old block is freed
        self.places = chunks

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, place: int) -> str:
        return self.names[place] if self.names is not None else str(self.values[place])


class Grid:
    """Where each row of a file belongs.

    Raises
    ------
    InputError
        Where a member lacks an example, or has one twice; named by an instance.
    """

    def __init__(self, path: Path, members: Axis, examples: Axis) -> None:
        self.path, self.members, self.examples = path, members, examples
        each = np.zeros(len(members), dtype=np.int64)
        for places in members.places:
            each += np.bincount(places, minlength=len(members))
        if (each != len(examples)).any():
            self._refuse(int(np.argmax(each != len(examples))))
        there = np.zeros((len(members), len(examples)), dtype=bool)
        for cell in self._cells():
            there.ravel()[cell] = True
        if not there.all():
            self._refuse(int(np.argmin(there.all(axis=1))))

    def _cells(self) -> Iterator[npt.NDArray[np.int64]]:
        for member, example in zip(self.members.places, self.examples.places, strict=True):
            yield member.astype(np.int64) * len(self.examples) + example

    def _refuse(self, member: int) -> None:
        pairs = zip(self.members.places, self.examples.places, strict=True)
        of_member = np.concatenate([example[one == member] for one, example in pairs])
        times = np.bincount(of_member, minlength=len(self.examples))
        example, name = int(np.argmax(times)), self.members[member]
        if times[example] > 1:
            said = f"has {times[example]} rows for example {self.examples[example]}, one expected"
            raise InputError(f"{self.path}: member {name} {said}")
        raise InputError(
            f"{self.path}: member {name} has no row for {(times == 0).sum():,} of {len(times):,} examples,"
            f" e.g. {self.examples[int(np.argmin(times))]}"
        )

    def fill(self, chunks: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The values of the rows, (members, examples)."""
        table = np.empty((len(self.members), len(self.examples)), dtype=np.result_type(*chunks))
        for cell, chunk in zip(self._cells(), chunks, strict=True):
            table.ravel()[cell] = chunk
        return table

    def of_examples(self, column: str, chunks: Sequence[Integers], names: Sequence[str] | None) -> Integers:
        """Integers of 0 and up that each example has in all of its rows: (examples,).

        Raises
        ------
        InputError
            Where two rows of an example differ; `names` tells what the integers stand for.
        """
        found = np.full(len(self.examples), -1, dtype=np.int64)
        for place, chunk in zip(self.examples.places, chunks, strict=True):
            before = found[place]
            found[place] = chunk
            differs = ((before >= 0) & (before != chunk)) | (found[place] != chunk)
            if differs.any():
                row = int(np.argmax(differs))
                values = {int(before[row]), int(found[place[row]]), int(chunk[row])} - {-1}
                one, other, *_ = (names[value] if names is not None else value for value in sorted(values))
                example = self.examples[int(place[row])]
                said = f"is both {one} and {other} for example {example}; it belongs to the example, not to the model"
                raise InputError(f"{self.path}: column {column} {said}")
        return compact(found)
