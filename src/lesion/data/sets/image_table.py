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
from lesion.data.dataset import Indexed
from lesion.data.file_options import FileOptions
from lesion.data.images import folder
from lesion.data.table_rows import attributes, labels, none_of_the_examples, split_rows
from lesion.data.text_table import TextTable, read_table
from lesion.errors import InputError

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
    def _are_none_of_the_examples(cls, names: list[str]) -> list[str]:
        return none_of_the_examples(names)


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
    rows, train = split_rows(table, options.split, train=options.train, test=options.test)
    label, ids, names = labels(table, rows, options.label, options.classes)
    return Indexed(
        root=root,
        files=pa.array(files(table, rows, options, folder(root)), pa.string()),
        label=label,
        train=train,
        class_names=names,
        class_ids=ids,
        attributes=attributes(table, rows, options.attributes),
        geometry=options.geometry,
        mean=options.mean,
        std=options.std,
    )
