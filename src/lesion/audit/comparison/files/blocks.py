"""Files of predictions read as blocks of rows, one row a member and example, whatever their format."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from lesion.audit.comparison.files.cells import Cells
from lesion.audit.comparison.files.file_columns import MEASURED, FileColumns, file_columns
from lesion.audit.comparison.files.formats import Table, readable
from lesion.audit.comparison.files.scores import Answers

Block = Mapping[str, Cells]

ROWS = 2**10  # of scores to a block: each may hold thousands of classes


def blocks_of(path: Path, table: Table) -> tuple[FileColumns, Iterator[Block]]:
    """The columns of a table, and its blocks.

    Raises
    ------
    InputError
        Where the file lacks a column; and when a block is reached that cannot be read.
    """
    found = file_columns(path, table.names, table.types)
    if found.scores is not None:
        return _with_answers(path, table, found)
    return found, (block for batch in table.batches(found.read) for block in _long(found, batch))


def _long(found: FileColumns, batch: pa.RecordBatch) -> Iterator[Block]:
    """One block as it is, or of a wide file one a member."""
    columns = {name: Cells(batch.column(name)) for name in found.read}
    if found.answer is not None and found.answer in columns:
        columns["prediction"] = columns.pop(found.answer)
    if not found.wide:
        yield columns
        return
    of_models = {"prediction": found.wide, **found.measured}
    cells = {what: {k: columns.pop(name) for k, name in named.items()} for what, named in of_models.items()}
    for member in found.wide:
        number = Cells(pa.array(np.full(len(batch), member)))
        yield {**columns, "member": number, **{what: of_member[member] for what, of_member in cells.items()}}


def _with_answers(path: Path, table: Table, found: FileColumns) -> tuple[FileColumns, Iterator[Block]]:
    """Blocks in which answers, and how sure they are, stand in place of scores."""
    assert found.scores is not None
    answers = Answers(path, found.scores)
    blocks = (_answered(found, answers, batch) for batch in table.batches(found.read, rows=ROWS))
    with readable(path):
        first = list(islice(blocks, 1))  # its lists tell how many classes there are
    made: dict[str, Mapping[int, str]] = {name: {} for block in first for name in block if name in MEASURED}
    return replace(found, measured={**found.measured, **made}), chain(first, blocks)


def _answered(found: FileColumns, answers: Answers, batch: pa.RecordBatch) -> Block:
    scores = {name: batch.column(name) for name in answers.scores.columns}
    columns = {name: Cells(batch.column(name)) for name in found.read if name not in scores}
    return {**answers.of(scores, columns["example_id"], columns.get("label")), **columns}
