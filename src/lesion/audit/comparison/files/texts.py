"""The texts of examples, read from a table of any size: only those asked for are kept."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lesion.audit.comparison.files.cells import Cells
from lesion.audit.comparison.files.formats import open_table, readable
from lesion.errors import InputError

BLOCK = 2**24  # bytes of CSV to a block
ROWS = 1024  # of Parquet to a block
COLUMNS = ["example_id", "text"]
FORMATS = ".csv, .csv.gz, .tsv, .tsv.gz or .parquet"


class TextTable:
    """A CSV or Parquet table with `example_id` and `text`, one row an example.

    Raises
    ------
    InputError
        Where it cannot be read, or lacks one of these columns.
    """

    def __init__(self, path: Path, *, block_size: int = BLOCK) -> None:
        self.path = path
        self._table = open_table(path, block_size=block_size, rows=ROWS, expected=FORMATS)
        for name in COLUMNS:
            if (count := list(self._table.names).count(name)) != 1:
                raise InputError(f"{path}: has {count} columns named {name}, one expected")

    def of(self, example_id: npt.NDArray[Any], wanted: npt.NDArray[np.bool_]) -> pd.Series:
        """The texts of some examples, by their ids, all line ends the same; empty where the table holds nothing.

        The table is read once, and spent.

        Parameters
        ----------
        example_id : integers, or text as objects: (examples,), of all examples; the table may hold others too
        wanted : bool (examples,), those whose texts are returned

        Raises
        ------
        InputError
            Where an example, wanted or not, has no row, or several; or the table cannot be read on.
        """
        known = pa.array(example_id)
        known = known.cast(pa.int64()) if pa.types.is_integer(known.type) else known
        times = np.zeros(len(known), dtype=np.uint32)
        found: dict[int, str] = {}
        with readable(self.path):
            for block in self._table.batches(COLUMNS):
                place = places(Cells(block.column("example_id")), known)
                here = np.flatnonzero(place >= 0)
                np.add.at(times, place[here], 1)
                kept = here[wanted[place[here]]]
                texts = block.column("text").cast(pa.string()).take(pa.array(kept)).to_pylist()
                found |= dict(zip(place[kept].tolist(), map(_lines, texts), strict=True))
        self._refuse(times == 0, "no row", example_id)
        self._refuse(times > 1, "more than one row", example_id)
        chosen = np.flatnonzero(wanted)
        return pd.Series([found[place] for place in chosen.tolist()], index=example_id[chosen], dtype=object)

    def _refuse(self, odd: npt.NDArray[np.bool_], what: str, example_id: npt.NDArray[Any]) -> None:
        if odd.any():
            count, example = f"{odd.sum():,} of the {len(odd):,} examples", example_id[np.argmax(odd)]
            raise InputError(f"{self.path}: has {what} for {count} of the predictions, e.g. {example}; one expected")


def _lines(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")  # pandas writes a lone \r without quotes


def places(ids: Cells, known: pa.Array) -> npt.NDArray[np.integer]:
    """Place of each id among the known ones, which are integers or text; −1 for others: (rows,)."""
    values = ids.values
    if values.type != known.type:  # a name in the block makes text of all its ids
        values, known = values.cast(pa.string()), known.cast(pa.string())
    found = pc.index_in(values, value_set=known, skip_nulls=True).fill_null(-1).to_numpy()
    return np.asarray(found if ids.places is None else found[ids.places])
