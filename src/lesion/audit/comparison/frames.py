"""Predictions in memory: data frames of pandas, polars and pyarrow, with the columns of a file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lesion.audit.comparison.files.blocks import blocks_of
from lesion.audit.comparison.files.formats import MemoryTable
from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.files.read import read_predictions
from lesion.audit.comparison.files.rows import Rows
from lesion.errors import InputError

ID = "example_id"


def is_frame(values: Any) -> bool:
    """Whether this is a table with named columns: a frame of pandas or polars, or a table of pyarrow."""
    return hasattr(values, "columns") and (hasattr(values, "__arrow_c_stream__") or hasattr(values, "iloc"))


def columns_of(values: Any) -> dict[str, Any]:
    """The columns of a frame of any kind, or of a mapping, by their names."""
    if hasattr(values, "get_columns"):  # polars
        return {str(column.name): column for column in values.get_columns()}
    if isinstance(values, pa.Table):
        return dict(zip(values.column_names, values.columns, strict=True))
    if hasattr(values, "items"):
        return {str(name): column for name, column in values.items()}
    raise InputError(f"groups: a mapping from names to values or a data frame expected, found {values!r:.40}")


def predictions_of(name: str, frame: Any) -> Predictions:
    """What a frame holds, by the rules of files (docs/AUDIT.md).

    Without a column `example_id` examples are the values of an index of that name, else 0, 1, … in the order of rows.

    Parameters
    ----------
    name : what errors call it: dense or compressed

    Raises
    ------
    InputError
        Where it lacks a column, or is not one prediction of each member for each example.
    """
    table = _table(name, frame)
    names = [given.strip() for given in table.column_names]
    numbered = ID not in names and "member" not in names  # of several models only ids tell which rows are one example
    if numbered:
        table = table.append_column(ID, pa.array(np.arange(len(table))))
    path = Path(name)
    read = Rows(path, *blocks_of(path, MemoryTable("data frame", table))).assembled()
    return replace(read, numbered=numbered)


def _table(name: str, frame: Any) -> pa.Table:
    if getattr(getattr(frame, "index", None), "name", None) == ID and ID not in frame.columns:
        frame = frame.reset_index()
    if len(columns_of(frame)) < len(frame.columns):
        twice = [given for given in map(str, frame.columns) if list(map(str, frame.columns)).count(given) > 1]
        raise InputError(f"{name}: column {twice[0]} is there {twice.count(twice[0])} times, once expected")
    return pa.table({given: _array(name, given, column) for given, column in columns_of(frame).items()})


def _array(name: str, column: str, values: Any) -> pa.ChunkedArray | pa.Array:
    """A column in Arrow's memory."""
    try:
        if hasattr(values, "to_arrow"):  # of polars
            return values.to_arrow()
        return values if isinstance(values, pa.ChunkedArray) else pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        why = str(error).partition("\n")[0]
        raise InputError(f"{name}: column {column} cannot be read ({why})") from None


def is_array(values: Any) -> bool:
    """Whether predictions alone were given, without what files and frames hold beside them."""
    return not (isinstance(values, Predictions | str | Path) or is_frame(values))


def read_given(name: str, given: Any) -> Predictions:
    """What a file, by its path, or a data frame holds; `name` is what errors call a frame."""
    if isinstance(given, Predictions):
        return given
    return read_predictions(given) if isinstance(given, str | Path) else predictions_of(name, given)
