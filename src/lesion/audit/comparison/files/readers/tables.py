"""Tables of predictions in CSV and Parquet."""

from dataclasses import replace
from pathlib import Path

from lesion.audit.comparison.files.blocks import blocks_of
from lesion.audit.comparison.files.contract import Reading
from lesion.audit.comparison.files.file_columns import FileColumns
from lesion.audit.comparison.files.formats import CSV, PARQUET, open_table
from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.files.rows import Rows
from lesion.audit.comparison.populations import read_origins
from lesion.audit.comparison.source import source

ORDER = 90
READS = ".csv, .csv.gz, .tsv, .tsv.gz, .parquet"


def recognises(path: Path) -> bool:
    """By the suffix."""
    return bool(CSV.search(path.name) or PARQUET.search(path.name))


def read(path: Path, reading: Reading) -> Predictions:
    """A row is a member's answer to an example, or all members' answers to one."""
    rows = max(1, reading.block_size // 16)
    table = open_table(path, block_size=reading.block_size, rows=rows, expected=READS)
    columns, blocks = blocks_of(path, table)
    read = Rows(path, columns, blocks).assembled()
    read = replace(read, source=source(path, f"{table.kind}, {_said(columns, read)}"))
    if not PARQUET.search(path.name):
        return read
    origins = read_origins([path], members=len(read.population.member))  # known of files that this pipeline wrote
    return replace(read, population=replace(read.population, origins=origins))


def _said(columns: FileColumns, read: Predictions) -> str:
    """What a row is, and how classes are called."""
    row = "a model and example" if columns.named else "an example"
    row = "an example, with a column for each model" if columns.wide else row
    return f"one row {row}, classes by {'number' if read.class_names is None else 'name'}"
