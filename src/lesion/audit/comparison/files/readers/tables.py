"""Tables of predictions in CSV, Parquet and Arrow."""

from dataclasses import replace
from pathlib import Path

from lesion.audit.comparison.files.contract import Reading
from lesion.audit.comparison.files.formats import ARROW, CSV, PARQUET, open_table
from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.files.rows import of_table
from lesion.audit.comparison.populations import read_origins
from lesion.audit.comparison.source import source

ORDER = 90
READS = ".csv, .tsv, .txt, .data (each also .gz), .parquet, .arrow, .feather"
TAKES = ("separator",)


def recognises(path: Path) -> bool:
    """By the suffix."""
    return any(pattern.search(path.name) for pattern in (CSV, PARQUET, ARROW))


def read(path: Path, reading: Reading) -> Predictions:
    """A row is a member's answer to an example, or all members' answers to one."""
    rows = max(1, reading.block_size // 16)
    table = open_table(path, block_size=reading.block_size, rows=rows, expected=READS, separator=reading.separator)
    read, said = of_table(path, table)
    read = replace(read, source=source(path, said))
    if not PARQUET.search(path.name):
        return read
    origins = read_origins([path], members=len(read.population.member))  # known of files that this pipeline wrote
    return replace(read, population=replace(read.population, origins=origins))
