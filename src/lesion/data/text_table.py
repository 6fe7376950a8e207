"""Reads a table as text: CSV, packed by gzip or not, or Parquet. Each row knows its line."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lesion.artifacts.csv_header import Header, not_utf8, open_bytes, read_header
from lesion.errors import InputError

PARQUET = re.compile(r"\.(parquet|pq)$", re.IGNORECASE)


@dataclass(frozen=True)
class TextTable:
    """Columns of a table, as text without blanks around it.

    Attributes
    ----------
    path : the file
    columns : name of a column → text (n,); what Parquet holds nothing for is empty
    lines : int (n,), the line of each row in the file; of Parquet, which has no lines, the number of the row
    unit : what `lines` counts: line or row
    """

    path: Path
    columns: dict[str, list[str]]
    lines: Sequence[int]
    unit: str

    def __len__(self) -> int:
        return len(self.lines)

    def place(self, row: int) -> str:
        """Where a row stands, for the start of a message."""
        return f"{self.path}: {self.unit} {self.lines[row]}"


def read_table(path: Path, columns: Sequence[str] | None, *, has: str) -> TextTable:
    """Read `columns` of a table; all of them where None.

    Parameters
    ----------
    has : a column that the table has; the separator of a CSV file is the one by which it does

    Raises
    ------
    InputError
        Where the file cannot be read, lacks a column, or a row has more or fewer cells than the header.
    """
    try:
        return _of_parquet(path, columns) if PARQUET.search(path.name) else _of_csv(path, columns, has)
    except FileNotFoundError:
        raise InputError(f"{path}: missing; a table with a column {has} is expected") from None
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    except (OSError, EOFError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def _wanted(path: Path, found: Sequence[str], columns: Sequence[str] | None) -> list[str]:
    for name in columns or ():
        if name not in found:
            raise InputError(f"{path}: has no column {name} (it has {', '.join(found)})")
    if twice := next((name for name in columns or found if list(found).count(name) > 1), None):
        raise InputError(f"{path}: has the column {twice} twice")
    return list(columns or found)


def _of_csv(path: Path, columns: Sequence[str] | None, has: str) -> TextTable:
    header = read_header(path, has=has)
    wanted = _wanted(path, header.names, columns)
    places = [header.names.index(name) for name in wanted]
    held: list[list[str]] = [[] for _ in wanted]
    lines = []
    for line, row in _rows(path, header):
        if len(row) != len(header.names):
            raise InputError(f"{path}: line {line}: {len(row)} cells, {len(header.names)} expected as in the header")
        lines.append(line)
        for cells, place in zip(held, places, strict=True):
            cells.append(row[place].strip())
    return TextTable(path, dict(zip(wanted, held, strict=True)), lines, "line")


def _rows(path: Path, header: Header) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row after the header begins, and its cells; empty lines are passed over."""
    with open_bytes(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text, delimiter=header.separator)
        ended, seen = 0, 0
        for row in rows:
            begins, ended, seen = ended + 1, rows.line_num, seen + 1
            if row and seen > header.lines:
                yield begins, row


def _of_parquet(path: Path, columns: Sequence[str] | None) -> TextTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            wanted = _wanted(path, file.schema_arrow.names, columns)
            table = file.read(columns=wanted)
        texts = {
            name: [cell.strip() for cell in table.column(name).cast(pa.string()).fill_null("").to_pylist()]
            for name in wanted
        }
    except pa.ArrowException as error:
        raise InputError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None
    return TextTable(path, texts, range(1, table.num_rows + 1), "row")
