"""Image files that a table names, CSV or Parquet: a row has the path of an image and its label.

Examples are in the order of the table, without rows whose split is neither that of training nor that of testing.
"""

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, field_validator

from lesion.artifacts import paths
from lesion.artifacts.tables import EXAMPLES
from lesion.data.class_list import for_people, nearest, one_spelling, read_classes
from lesion.data.dataset import Indexed
from lesion.data.file_options import FileOptions
from lesion.data.images import folder
from lesion.data.text_table import TextTable, read_table
from lesion.errors import InputError

UNKNOWN = "unknown"  # the group of examples without a value, as in the audit
FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")  # a table may have one, a disk the other


class Options(FileOptions):
    """`table`: the file. `root`: folder that paths are relative to; null: the folder of the table. `path` and `label`:
    columns. `split`: column that says what an image is for, `train` or `test` by the values of these two options; rows
    with another value are left out; null: all images are for testing. `attributes`: columns for subgroups and clusters.
    """

    table: str
    root: str | None = None
    path: str = "path"
    label: str = "label"
    split: str | None = None
    train: str = "train"
    test: str = "test"
    attributes: list[str] = Field([])

    @field_validator("attributes")
    @classmethod
    def _are_none_of_the_table(cls, names: list[str]) -> list[str]:
        if taken := next((name for name in names if name in EXAMPLES.names), None):
            raise ValueError(f"{taken} is a column of every table of examples; rename it in the table")
        return names


def split_rows(table: TextTable, options: Options) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """The rows that are for training or testing, ascending, and whether each is for training, both (n,).

    Raises
    ------
    InputError
        Where no row is for testing.
    """
    if options.split is None:
        return np.arange(len(table)), np.zeros(len(table), dtype=np.bool_)
    held = np.array(table.columns[options.split], dtype=object)
    train, test = held == options.train, held == options.test
    if not test.any():
        known = ", ".join(sorted({str(value) for value in held})[:5])
        raise InputError(f"{table.path}: column {options.split}: no row is {options.test} (there are {known})")
    rows = np.flatnonzero(train | test)
    return rows, train[rows]


def labels(
    table: TextTable, rows: npt.NDArray[np.intp], options: Options
) -> tuple[npt.NDArray[np.int16], tuple[str, ...], tuple[str, ...]]:
    """The label of each row, the ids and the names of the classes; whole numbers are sorted as such, else as text.

    Raises
    ------
    InputError
        Names the first row without a label, or with one that is none of `options.classes`.
    """
    told = [one_spelling(table.columns[options.label][row]) for row in rows]
    if empty := next((row for row, one in zip(rows, told, strict=True) if not one), None):
        raise InputError(f"{table.place(empty)}: column {options.label}: a label is expected, nothing is there")
    if options.classes is None:
        whole = all(one.isascii() and one.isdecimal() for one in told)
        ids = tuple(sorted(set(told), key=(lambda one: (int(one), one)) if whole else None))
        names = for_people(ids)
    else:
        ids, names = read_classes(paths.named(options.classes))
    number = {one: place for place, one in enumerate(ids)}
    for row, one in zip(rows, told, strict=True):
        if one not in number:
            of = f"the {len(ids)} classes of {options.classes}"
            raise InputError(f"{table.place(row)}: {one} is none of {of}{nearest(one, ids)}")
    return np.array([number[one] for one in told], dtype=np.int16), ids, names


def files(table: TextTable, rows: npt.NDArray[np.intp], options: Options, root: Path) -> Iterator[str]:
    """The image file of each row, relative to `root` where it is below it.

    Raises
    ------
    InputError
        Names the first row without a path, whose file is missing, or that an earlier row has.
    """
    seen: dict[str, int] = {}
    for row in rows:
        told = table.columns[options.path][row]
        if not told:
            raise InputError(f"{table.place(row)}: column {options.path}: a path is expected, nothing is there")
        file = next((found for found in _forms(root, told) if os.path.isfile(os.path.join(root, found))), None)  # noqa: PTH113, PTH118
        if file is None:
            raise InputError(f"{table.place(row)}: {root / told}: the image is missing")
        if (first := seen.setdefault(file, row)) != row:
            raise InputError(f"{table.place(row)}: {told} is the image of {table.unit} {table.lines[first]} already")
        yield file


def _forms(root: Path, told: str) -> Iterator[str]:
    path = os.path.normpath(told)
    if os.path.isabs(path) and path.startswith(f"{root}{os.sep}"):  # noqa: PTH117
        path = os.path.relpath(path, root)
    yield path
    yield from (unicodedata.normalize(form, path) for form in FORMS)


def load(options: Options) -> Indexed:
    """Index the image files that the table names."""
    path = paths.named(options.table)
    root = str(Path(options.table).parent) if options.root is None else options.root
    columns = [options.path, options.label, *([options.split] if options.split else []), *options.attributes]
    table = read_table(path, list(dict.fromkeys(columns)), has=options.path)
    rows, train = split_rows(table, options)
    if not len(rows):
        raise InputError(f"{path}: has no row of an image")
    label, ids, names = labels(table, rows, options)
    return Indexed(
        root=root,
        files=pa.array(files(table, rows, options, folder(root)), pa.string()),
        label=label,
        train=train,
        class_names=names,
        class_ids=ids,
        attributes={
            name: np.array([table.columns[name][row] or UNKNOWN for row in rows], dtype=str)
            for name in options.attributes
        },
        geometry=options.geometry,
        mean=options.mean,
        std=options.std,
    )
