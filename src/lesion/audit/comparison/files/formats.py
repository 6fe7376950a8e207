"""Tables in CSV and Parquet, opened and read block by block."""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from lesion.artifacts.csv_header import SEPARATORS, not_utf8, open_bytes, read_header
from lesion.errors import InputError

CSV = re.compile(r"\.(csv|tsv|txt|data)(\.gz)?$", re.IGNORECASE)
PARQUET = re.compile(r"\.(parquet|pq)$", re.IGNORECASE)
ARROW = re.compile(r"\.(arrow|feather)$", re.IGNORECASE)
ALWAYS = "example_id"  # every table of predictions has it: the separator that finds it is the right one
LARGEST = 2**30  # bytes of a row: Arrow counts those of a block in 32 bits

Types = Mapping[str, pa.DataType]


class Table(Protocol):
    """A table, opened.

    Attributes
    ----------
    kind : its format, for people
    names : of its columns, without blanks around them
    types : of its columns, by their names
    """

    kind: str
    names: Sequence[str]
    types: Types

    def batches(self, columns: Sequence[str], *, rows: int | None = None) -> Iterator[pa.RecordBatch]:
        """These columns, by their names, block by block, of this many rows at most where rows are long."""


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the system and the parsers say of a file into one line that names it."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError, zlib.error, pa.ArrowException) as error:  # ArrowInvalid is a ValueError
        if "invalid utf8" in str(error).lower():
            raise not_utf8(path) from None
        said = str(error) or type(error).__name__
        raise InputError(f"{path}: cannot be read ({said.splitlines()[0]})") from None


class CsvTable:
    """A CSV file, opened: the names of its columns, without blanks around them; all of them are text.

    Parameters
    ----------
    block_size : bytes to a block; it grows where a row does not fit into it
    separator : a single character; None: the header tells
    """

    def __init__(self, path: Path, *, block_size: int, separator: str | None = None) -> None:
        self.path, self.block_size = path, block_size
        self.header = read_header(path, separator, has=ALWAYS)
        by = self.header.separator
        self.kind = f"CSV separated by {SEPARATORS.get(by, by)}"
        self.names: Sequence[str] = self.header.names
        self.types: Types = dict.fromkeys(self.names, pa.string())

    def batches(self, columns: Sequence[str], *, rows: int | None = None) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        """These columns, by their names; read again in larger blocks from a row that is longer than a block."""
        done, block_size = 0, self.block_size
        while True:
            skip = done
            try:
                for batch in self._blocks(columns, block_size):
                    if skip < len(batch):
                        done += len(batch) - skip
                        yield batch.slice(skip)
                    skip = max(0, skip - len(batch))
                return
            except pa.ArrowInvalid as error:
                if "straddling" not in str(error):
                    raise
                if block_size >= LARGEST:
                    raise InputError(f"{self.path}: a row is longer than 1 GiB, or a quote is not closed") from None
                block_size = min(4 * block_size, LARGEST)

    def _blocks(self, columns: Sequence[str], block_size: int) -> Iterator[pa.RecordBatch]:
        reading = pa.csv.ReadOptions(
            block_size=block_size, column_names=self.names, skip_rows_after_names=self.header.lines
        )
        parsing = pa.csv.ParseOptions(delimiter=self.header.separator, newlines_in_values=True)
        # All text: a column whose first block holds numbers may hold names later.
        text = pa.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()), include_columns=list(columns))
        with open_bytes(self.path) as file:
            yield from pa.csv.open_csv(file, read_options=reading, parse_options=parsing, convert_options=text)


class ParquetTable:
    """A Parquet file, opened: the names of its columns, without blanks around them, and their types.

    Parameters
    ----------
    rows : to a block
    """

    def __init__(self, path: Path, *, rows: int) -> None:
        self._file, self._rows = pq.ParquetFile(path.open("rb")), rows
        self.kind = "Parquet"
        schema = self._file.schema_arrow
        self.names: Sequence[str] = [name.strip() for name in schema.names]
        self.types: Types = dict(zip(self.names, schema.types, strict=True))
        self._given = dict(zip(self.names, schema.names, strict=True))

    def batches(self, columns: Sequence[str], *, rows: int | None = None) -> Iterator[pa.RecordBatch]:
        """These columns, by their names."""
        given = [self._given[name] for name in columns]
        for batch in self._file.iter_batches(batch_size=min(self._rows, rows or self._rows), columns=given):
            yield pa.record_batch([batch.column(name) for name in given], names=list(columns))


class MemoryTable:
    """A table that is in memory, such as one made of lines of JSON."""

    def __init__(self, kind: str, table: pa.Table) -> None:
        self.kind, self._table = kind, table.rename_columns([name.strip() for name in table.column_names])
        self.names: Sequence[str] = self._table.column_names
        self.types: Types = dict(zip(self.names, self._table.schema.types, strict=True))

    def batches(self, columns: Sequence[str], *, rows: int | None = None) -> Iterator[pa.RecordBatch]:
        """These columns, by their names."""
        yield from self._table.select(list(columns)).to_batches(max_chunksize=rows)


def open_table(path: Path, *, block_size: int, rows: int, expected: str, separator: str | None = None) -> Table:
    """Open a table by its suffix, in any capitals: text, packed by gzip or not, Parquet or Arrow.

    Parameters
    ----------
    block_size, rows : of a block, in bytes of CSV or rows of Parquet
    expected : the formats to name where the suffix is another
    separator : of the columns of text; None: the header tells

    Raises
    ------
    InputError
        Where the file cannot be read. What comes out in its `batches` is for `readable` around their loop.
    """
    with readable(path):
        if PARQUET.search(path.name):
            return ParquetTable(path, rows=rows)
        if CSV.search(path.name):
            return CsvTable(path, block_size=block_size, separator=separator)
        if ARROW.search(path.name):
            return MemoryTable("Arrow", _arrow(path))
    raise InputError(f"{path}: the name ends in {path.suffix or 'no suffix'}, {expected} expected")


def _arrow(path: Path) -> pa.Table:
    """An Arrow file, as `pyarrow.feather` and `datasets` write it: with a footer, or as a stream."""
    with path.open("rb") as file:
        start = file.read(6)
        file.seek(0)
        return (pa.ipc.open_file if start == b"ARROW1" else pa.ipc.open_stream)(file).read_all()
