"""Files of predictions read as blocks of rows, one row a member and example, whatever their format."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from lesion.audit.comparison.files.cells import Cells, has_text
from lesion.audit.comparison.files.formats import Table, Types
from lesion.errors import InputError

Block = Mapping[str, Cells]

MEASURED = ("true_probability", "correct_top5", "confidence")
OF_MODELS = ("prediction", "member", *MEASURED)
OF_EXAMPLES = ("example_id", "label", "cluster")
WIDE = re.compile(r"(?:member|prediction)_([0-9]+)")
WIDE_MEASURED = re.compile(rf"({'|'.join(MEASURED)})_([0-9]+)")
INDEX = re.compile(r"|Unnamed: [0-9]+|__index_level_[0-9]+__")  # what pandas writes unasked
NUMBERS = "numbers of 0 to 1"


@dataclass(frozen=True)
class FileColumns:
    """What the columns of a file are.

    Attributes
    ----------
    read : the columns that are read
    attributes : those that describe the example
    wide : column of each member, by its number; empty for one row a member and example
    measured : which of MEASURED there are, each with its column of each member in a wide file
    unread : columns of lists or bytes, which name no groups
    """

    read: tuple[str, ...]
    attributes: tuple[str, ...]
    wide: Mapping[int, str]
    measured: Mapping[str, Mapping[int, str]]
    unread: tuple[str, ...]

    @property
    def named(self) -> bool:
        """Whether the file tells its members apart by names or numbers."""
        return bool(self.wide) or "member" in self.read


def file_columns(path: Path, header: Sequence[str], types: Types) -> FileColumns:
    """Tell from its header what a file holds.

    Parameters
    ----------
    header : the names of its columns
    types : of the columns, by these names

    Raises
    ------
    InputError
        Where a column is missing, there twice, or of a type that holds no such thing.
    """
    names = [name for name in header if not INDEX.fullmatch(name)]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise InputError(f"{path}: column {twice[0]} is there {names.count(twice[0])} times, once expected")
    columns = {int(match[1]): name for name in names if (match := WIDE.fullmatch(name))}
    wide = {} if {"prediction", "member"} & set(names) else columns
    if "example_id" not in names or not ("prediction" in names or wide):
        expected = "example_id" if "example_id" not in names else "prediction (or member_0, member_1, …)"
        raise InputError(f"{path}: has no column {expected}; it has {_listed(names)}")
    if wide and (odd := [name for name in OF_MODELS if name in names]):
        raise InputError(f"{path}: column {odd[0]} is of a model, so it needs one row a member and example")
    measured = _measured(path, names, wide)
    of_models = {*OF_MODELS, *wide.values(), *(name for columns in measured.values() for name in columns.values())}
    others = [name for name in names if name not in {*OF_EXAMPLES, *of_models}]
    unread = tuple(name for name in others if not has_text(types[name], bytes_too=False))
    attributes = tuple(name for name in others if name not in unread)
    read = tuple(name for name in names if name not in unread)
    for name in read:
        _check_type(path, name, types[name])
    return FileColumns(read, attributes, wide, measured, unread)


def _measured(path: Path, names: Sequence[str], wide: Mapping[int, str]) -> dict[str, dict[int, str]]:
    """What is measured of each answer; of a wide file with a column for each member."""
    if not wide:
        return {name: {} for name in MEASURED if name in names}
    found: dict[str, dict[int, str]] = {}
    for name in names:
        if match := WIDE_MEASURED.fullmatch(name):
            found.setdefault(match[1], {})[int(match[2])] = name
    for what, columns in found.items():
        if odd := sorted(columns.keys() ^ wide.keys()):
            raise InputError(f"{path}: only one of {wide.get(odd[0], f'member_{odd[0]}')} and {what}_{odd[0]} is there")
    return found


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"


def _check_type(path: Path, name: str, kind: pa.DataType) -> None:
    of = match[1] if (match := WIDE_MEASURED.fullmatch(name)) else name
    expected = {"true_probability": NUMBERS, "confidence": NUMBERS, "correct_top5": "true or false"}
    number = expected.get(of) == NUMBERS
    if not has_text(kind) or (number and pa.types.is_temporal(kind)):
        raise InputError(f"{path}: column {name} holds {kind}; {expected.get(of, 'whole numbers or text')} expected")


def _long(found: FileColumns, batch: pa.RecordBatch) -> Iterator[Block]:
    """One block as it is, or of a wide file one a member."""
    columns = {name: Cells(batch.column(name)) for name in found.read}
    if not found.wide:
        yield columns
        return
    of_models = {"prediction": found.wide, **found.measured}
    cells = {what: {k: columns.pop(name) for k, name in named.items()} for what, named in of_models.items()}
    for member in found.wide:
        number = Cells(pa.array(np.full(len(batch), member)))
        yield {**columns, "member": number, **{what: of_member[member] for what, of_member in cells.items()}}


def blocks_of(path: Path, table: Table) -> tuple[FileColumns, Iterator[Block]]:
    """The columns of a table, and its blocks.

    Raises
    ------
    InputError
        Where the file lacks a column; and when a block is reached that cannot be read.
    """
    found = file_columns(path, table.names, table.types)
    return found, (block for batch in table.batches(found.read) for block in _long(found, batch))
