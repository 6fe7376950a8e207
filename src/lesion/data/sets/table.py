"""Rows of features and a label, of a table in CSV or Parquet. Features are numbers, and are standardised by the
training rows.
"""

from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator, model_validator

from lesion.artifacts import paths
from lesion.data.dataset import Table
from lesion.data.inputs import Kind
from lesion.data.table_rows import attributes, labels, none_of_the_examples, split_rows
from lesion.data.text_table import TextTable, read_table
from lesion.errors import InputError
from lesion.params.settings import Settings

GIVES: Kind = "features"


class Options(Settings):
    """`table`: the file. `label`: the column of classes. `features`: those of numbers; null: all others. `split`: the
    column that says what a row is for, `train` or `test` by the values of these two options, other rows are left out;
    null: a random share `test_share` is for testing, by `split_seed`. `attributes`: columns for subgroups and clusters.
    `classes`: as of `image-folder`.
    """

    table: str
    label: str = "label"
    features: list[str] | None = Field(None, min_length=1)
    split: str | None = None
    train: str = "train"
    test: str = "test"
    test_share: float | None = Field(None, gt=0, le=1)
    split_seed: int = Field(0, ge=0)
    attributes: list[str] = Field([])
    classes: str | None = None

    @field_validator("attributes")
    @classmethod
    def _are_none_of_the_examples(cls, names: list[str]) -> list[str]:
        return none_of_the_examples(names)

    @model_validator(mode="after")
    def _has_one_split(self) -> Self:
        if (self.split is None) == (self.test_share is None):
            raise ValueError("one of split and test_share is expected")
        return self


def features(table: TextTable, names: list[str], rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """The features of each row, float32 (n, features); InputError names the first cell that is no finite number."""
    values = np.empty((len(rows), len(names)), dtype=np.float32)
    for place, name in enumerate(names):
        cells = table.columns[name]
        for number, row in enumerate(rows):
            try:
                values[number, place] = float(cells[row])
            except ValueError:
                raise InputError(
                    f"{table.place(row)}: column {name}: {cells[row]!r} is no number; one is expected of a feature"
                ) from None
        if (odd := np.flatnonzero(~np.isfinite(values[:, place]))).size:
            row = rows[odd[0]]
            raise InputError(f"{table.place(row)}: column {name}: {cells[row]!r} is not finite")
    return values


def load(options: Options) -> Table:
    """Read the table. Examples are in its order, without rows that are left out."""
    table = read_table(paths.named(options.table), None, has=options.label)
    others = [options.label, *([options.split] if options.split else []), *options.attributes]
    for name in (*others, *(options.features or ())):
        if name not in table.columns:
            raise InputError(f"{table.path}: has no column {name} (it has {', '.join(table.columns)})")
    names = options.features or [name for name in table.columns if name and name not in others]
    if not names:
        raise InputError(f"{table.path}: has no column of features")
    rows, train = split_rows(table, options.split, train=options.train, test=options.test)
    if options.test_share is not None:
        order = np.random.default_rng(options.split_seed).permutation(len(rows))
        train = np.ones(len(rows), dtype=np.bool_)
        train[order[: round(len(rows) * options.test_share)]] = False
    label, ids, class_names = labels(table, rows, options.label, options.classes)
    return Table(
        values=features(table, names, rows),
        features=tuple(names),
        label=label,
        train=train,
        class_names=class_names,
        class_ids=ids,
        attributes=attributes(table, rows, options.attributes),
        source=table.path.name,
    )
