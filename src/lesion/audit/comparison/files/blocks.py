"""Files of predictions read as blocks of rows, one row a member and example, whatever their format."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from lesion.audit.comparison.files.columns import plain
from lesion.errors import InputError

Block = Mapping[str, pa.Array]

OF_MODELS = ("prediction", "member", "true_probability", "correct_top5", "confidence")
WIDE = re.compile(r"(?:member|prediction)_([0-9]+)")
INDEX = re.compile(r"|Unnamed: [0-9]+|__index_level_[0-9]+__")  # what pandas writes unasked
FORMATS = ".csv, .csv.gz, .parquet or .npy"


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the system and the parsers say of a file into one line that names it."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError, pa.ArrowException) as error:  # ArrowInvalid is a ValueError
        raise InputError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None


@dataclass(frozen=True)
class FileColumns:
    """What the columns of a file are.

    Attributes
    ----------
    read : the columns that are read
    attributes : those that describe the example
    wide : column of each member, by its number; empty for one row a member and example
    unread : columns of lists or bytes, which name no groups
    """

    read: tuple[str, ...]
    attributes: tuple[str, ...]
    wide: Mapping[int, str]
    unread: tuple[str, ...]


def file_columns(path: Path, schema: pa.Schema) -> FileColumns:
    """Tell from its header what a file holds; InputError where a column is missing or there twice."""
    names = [name for name in schema.names if not INDEX.fullmatch(name)]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise InputError(f"{path}: column {twice[0]} is there {names.count(twice[0])} times, once expected")
    columns = {int(match[1]): name for name in names if (match := WIDE.fullmatch(name))}
    wide = {} if {"prediction", "member"} & set(names) else columns
    if "example_id" not in names or not ("prediction" in names or wide):
        expected = "example_id" if "example_id" not in names else "prediction (or member_0, member_1, …)"
        raise InputError(f"{path}: has no column {expected}; it has {_listed(names)}")
    if wide and (odd := [name for name in OF_MODELS if name in names]):
        raise InputError(f"{path}: column {odd[0]} is of a model, so it needs one row a member and example")
    others = [name for name in names if name not in {"example_id", "label", *OF_MODELS, *wide.values()}]
    unread = tuple(name for name in others if not _names_groups(schema.field(name).type))
    attributes = tuple(name for name in others if name not in unread)
    read = tuple(name for name in names if name != "confidence" and name not in unread)
    return FileColumns(read, attributes, wide, unread)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"


def _names_groups(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _csv(path: Path, block_size: int) -> tuple[FileColumns, Iterator[pa.RecordBatch]]:
    reading = pa.csv.ReadOptions(block_size=block_size)
    parsing = pa.csv.ParseOptions(newlines_in_values=True)
    with readable(path), pa.csv.open_csv(path, read_options=reading, parse_options=parsing) as opened:
        found = file_columns(path, opened.schema)
    # All text: a column whose first block holds numbers may hold names later.
    text = pa.csv.ConvertOptions(column_types=dict.fromkeys(found.read, pa.string()), include_columns=[*found.read])
    return found, pa.csv.open_csv(path, read_options=reading, parse_options=parsing, convert_options=text)


def _parquet(path: Path, rows: int) -> tuple[FileColumns, Iterator[pa.RecordBatch]]:
    file = pq.ParquetFile(path)
    found = file_columns(path, file.schema_arrow)
    return found, file.iter_batches(batch_size=rows, columns=[*found.read])


def _long(found: FileColumns, batch: pa.RecordBatch) -> Iterator[Block]:
    """One block as it is, or of a wide file one a member."""
    columns = {name: plain(batch.column(name)) for name in found.read}
    if not found.wide:
        yield columns
        return
    predictions = {member: columns.pop(name) for member, name in found.wide.items()}
    for member, prediction in predictions.items():
        yield {**columns, "member": pa.array(np.full(len(batch), member)), "prediction": prediction}


def open_table(path: Path, *, block_size: int) -> tuple[FileColumns, Iterator[Block]]:
    """The columns of a CSV or Parquet file, and its blocks, of `block_size` bytes of text or a 16th as many rows.

    Raises
    ------
    InputError
        Where the file cannot be read, at once or when that block is reached, or lacks a column.
    """
    with readable(path):
        if path.suffix == ".parquet":
            found, batches = _parquet(path, max(1, block_size // 16))
        elif path.suffixes[-1:] == [".csv"] or path.suffixes[-2:] == [".csv", ".gz"]:
            found, batches = _csv(path, block_size)
        else:
            raise InputError(f"{path}: the name ends in {path.suffix or 'no suffix'}, {FORMATS} expected")

    def blocks() -> Iterator[Block]:
        with readable(path):
            for batch in batches:
                yield from _long(found, batch)

    return found, blocks()


def read_array(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.integer]]:
    """The integers of a `.npy` file, (members, examples); a single row of (examples,) is one member."""
    with readable(path):
        array = np.load(path, allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.ndim not in (1, 2) or not np.issubdtype(array.dtype, np.integer):
        kind = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        raise InputError(f"{path}: holds {kind}, integers (members, examples) or (examples,) expected")
    if not array.size:
        raise InputError(f"{path}: holds no predictions")
    if array.min() < 0:
        raise InputError(f"{path}: holds the class {array.min()}; class ids are 0 and up")
    return np.atleast_2d(array)
