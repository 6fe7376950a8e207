"""Records in JSON Lines, or a list of records in JSON."""

import re
from dataclasses import replace
from pathlib import Path

from lesion.audit.comparison.files.contract import Reading
from lesion.audit.comparison.files.predictions import Predictions

ORDER = 30
READS = ".jsonl, .ndjson, .json (each also .gz)"
TAKES: tuple[str, ...] = ()
NAME = re.compile(r"\.(jsonl|ndjson|json)(\.gz)?$", re.IGNORECASE)


def recognises(path: Path) -> bool:
    """By the suffix."""
    return bool(NAME.search(path.name))


def read(path: Path, reading: Reading) -> Predictions:  # noqa: ARG001
    """A record is a row of a table, its keys are the columns."""
    from lesion.audit.comparison.files.formats import MemoryTable, readable
    from lesion.audit.comparison.files.json_rows import table
    from lesion.audit.comparison.files.rows import of_table
    from lesion.audit.comparison.source import source

    with readable(path):
        made = MemoryTable("JSON", table(path))
    read, said = of_table(path, made)
    return replace(read, source=source(path, said))
