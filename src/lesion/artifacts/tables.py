"""Tables in Parquet, each with a declared schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lesion.artifacts.atomic import replacing
from lesion.artifacts.provenance import KEY, facts, provenance
from lesion.errors import InputError

TEXT = pa.dictionary(pa.int32(), pa.string())

EXAMPLES = pa.schema(
    {"example_id": pa.int32(), "label": pa.int16(), "split": TEXT, "source": TEXT}
)  # and one column of text for each attribute
PREDICTIONS = pa.schema(
    {
        "example_id": pa.int32(),
        "member": pa.int16(),
        "label": pa.int16(),
        "prediction": pa.int16(),
        "correct_top5": pa.bool_(),
        "confidence": pa.float32(),
        "true_probability": pa.float32(),
    }
)  # sorted by (member, example_id)
ROBUSTNESS = pa.schema(
    {
        "member": pa.int16(),
        "corruption": TEXT,
        "severity": pa.int8(),
        "label": pa.int16(),
        "correct": pa.int32(),
        "correct_top5": pa.int32(),
        "total": pa.int32(),
    }
)  # a row for each member, condition and class; "clean" and "natural-adversarial" have severity 0


def from_numpy(values: npt.NDArray[Any]) -> pa.Array:
    """A column of numbers or truth values, from an array (n,); unlike `pa.array`, without importing pandas."""
    stored = np.ascontiguousarray(values.view(np.uint8) if values.dtype == bool else values)
    column = pa.Array.from_buffers(pa.from_numpy_dtype(stored.dtype), len(stored), [None, pa.py_buffer(stored)])
    return column.cast(pa.bool_()) if values.dtype == bool else column


def to_numpy(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[Any]:
    """A column of numbers without gaps as an array (n,), read-only; unlike its own method, without importing pandas."""
    return np.from_dlpack(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column)


def write_parquet(path: Path, table: pa.Table, **known: Any) -> None:
    """Write `table` whole or not at all, with `known` (study, variant, seeds, …) in its metadata."""
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata(provenance(**known)), temporary, compression="zstd")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: not a readable Parquet file ({str(error).splitlines()[0]})") from None


def read_parquet(path: Path, schema: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    """Read the columns of `schema` (or `columns` of them).

    Raises
    ------
    InputError
        Where the file is missing, is not Parquet, or lacks a column of `schema` in its type.
    """
    with (
        _readable(path),
        pq.ParquetFile(path) as file,
    ):  # pq.read_table takes half a second to import a reader of folders
        found = file.schema_arrow
        for field in schema:
            if field.name not in found.names:
                raise InputError(f"{path}: has no column {field.name} ({field.type} expected)")
            if found.field(field.name).type != field.type:
                raise InputError(
                    f"{path}: column {field.name} is {found.field(field.name).type}, expected {field.type}"
                )
        return file.read(columns=columns or schema.names)


def read_metadata(path: Path) -> dict[str, str]:
    """A Parquet file's metadata, as `provenance.provenance` made it; InputError where the file cannot be read."""
    with _readable(path):
        metadata = pq.read_schema(path).metadata or {}
    return {KEY: metadata[KEY.encode()].decode()} if KEY.encode() in metadata else {}


def read_facts(path: Path) -> dict[str, Any]:
    """The facts in a Parquet file's metadata."""
    return facts(read_metadata(path))
