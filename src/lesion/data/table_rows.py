"""What a table says of its rows: their split, their class, their groups."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lesion.artifacts import paths
from lesion.artifacts.tables import EXAMPLES
from lesion.data.class_list import MOST, for_people, nearest, one_spelling, read_classes
from lesion.data.text_table import TextTable
from lesion.errors import InputError

UNKNOWN = "unknown"  # the group of examples without a value, as in the audit

Rows = npt.NDArray[np.intp]


def none_of_the_examples(names: list[str]) -> list[str]:
    """The names of attributes; ValueError where one is a column that every table of examples has."""
    if taken := next((name for name in names if name in EXAMPLES.names), None):
        raise ValueError(f"{taken} is a column of every table of examples; rename it in the table")
    return names


def split_rows(table: TextTable, column: str | None, *, train: str, test: str) -> tuple[Rows, npt.NDArray[np.bool_]]:
    """The rows that are for training or testing, ascending, and whether each is for training, both (n,).

    `train`, `test`: values of `column`; other rows are left out. Without `column` all are for testing.

    Raises
    ------
    InputError
        Where no row is for testing.
    """
    if not len(table):
        raise InputError(f"{table.path}: has no row below the header")
    if column is None:
        return np.arange(len(table)), np.zeros(len(table), dtype=np.bool_)
    held = np.array(table.columns[column], dtype=object)
    trained, tested = held == train, held == test
    if not tested.any():
        known = ", ".join(sorted({str(value) for value in held})[:5])
        raise InputError(f"{table.path}: column {column}: no row is {test} (there are {known})")
    rows = np.flatnonzero(trained | tested)
    return rows, trained[rows]


def labels(
    table: TextTable, rows: Rows, column: str, classes: str | None
) -> tuple[npt.NDArray[np.int16], tuple[str, ...], tuple[str, ...]]:
    """The label of each row, int16 (n,), and the ids and the names of the classes.

    `classes`: a file of them. Without it they are the labels, sorted: as numbers where all are whole, else as text.

    Raises
    ------
    InputError
        Names the first row without a label, or with one that is none of `classes`; or there are too many classes.
    """
    told = [one_spelling(table.columns[column][row]) for row in rows]
    if (empty := next((row for row, one in zip(rows, told, strict=True) if not one), None)) is not None:
        raise InputError(f"{table.place(empty)}: column {column}: a label is expected, nothing is there")
    if classes is None:
        whole = all(one.isascii() and one.isdecimal() for one in told)
        ids = tuple(sorted(set(told), key=(lambda one: (int(one), one)) if whole else None))
        names = for_people(ids)
    else:
        ids, names = read_classes(paths.named(classes))
    if len(ids) > MOST:
        raise InputError(
            f"{table.path}: column {column}: {len(ids)} different labels, {MOST} at most are expected; is it a number"
            " and no class?"
        )
    number = {one: place for place, one in enumerate(ids)}
    for row, one in zip(rows, told, strict=True):
        if one not in number:
            of = f"the {len(ids)} classes of {classes}"
            raise InputError(f"{table.place(row)}: {one} is none of {of}{nearest(one, ids)}")
    return np.array([number[one] for one in told], dtype=np.int16), ids, names


def attributes(table: TextTable, rows: Rows, names: Sequence[str]) -> dict[str, npt.NDArray[np.str_]]:
    """The columns `names` as attributes of the examples: text (n,) by name."""
    return {name: np.array([table.columns[name][row] or UNKNOWN for row in rows], dtype=str) for name in names}
