"""The texts of examples, read from a table of any size: only those asked for are kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from lesion.audit.comparison.files.blocks import readable
from lesion.audit.comparison.files.columns import plain
from lesion.errors import InputError

BLOCK = 2**24  # bytes of CSV to a block; a text has to fit into one
ROWS = 1024  # of Parquet to a block
COLUMNS = ["example_id", "text"]
WHOLE = r"^(0|-?[1-9][0-9]{0,17})(\.0+)?$"  # as in the columns of predictions, if of 64 bits


class TextTable:
    """A CSV or Parquet table with `example_id` and `text`, one row an example.

    Raises
    ------
    InputError
        Where it cannot be read, or lacks one of these columns.
    """

    def __init__(self, path: Path, *, block_size: int = BLOCK) -> None:
        self.path = path
        with readable(path):
            if path.suffix == ".parquet":
                file = pq.ParquetFile(path)
                self._check(file.schema_arrow.names)
                self._blocks = file.iter_batches(batch_size=ROWS, columns=COLUMNS)
            elif path.suffixes[-1:] == [".csv"] or path.suffixes[-2:] == [".csv", ".gz"]:
                self._blocks = self._csv(block_size)
            else:
                given = path.suffix or "no suffix"
                raise InputError(f"{path}: the name ends in {given}, .csv, .csv.gz or .parquet expected")

    def _csv(self, block_size: int) -> Iterator[pa.RecordBatch]:
        reading = pa.csv.ReadOptions(block_size=block_size)
        parsing = pa.csv.ParseOptions(newlines_in_values=True)
        with pa.csv.open_csv(self.path, read_options=reading, parse_options=parsing) as opened:
            self._check(opened.schema.names)
        as_text = pa.csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, pa.string()), include_columns=COLUMNS)
        blocks: Iterator[pa.RecordBatch] = pa.csv.open_csv(
            self.path, read_options=reading, parse_options=parsing, convert_options=as_text
        )
        return blocks

    def _check(self, names: list[str]) -> None:
        for name in COLUMNS:
            if names.count(name) != 1:
                raise InputError(f"{self.path}: has {names.count(name)} columns named {name}, one expected")

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
            for block in self._blocks:
                place = pc.index_in(_alike(plain(block.column("example_id")), known), value_set=known)
                places = place.fill_null(-1).to_numpy()
                here = np.flatnonzero(places >= 0)
                np.add.at(times, places[here], 1)
                kept = here[wanted[places[here]]]
                texts = plain(block.column("text").take(pa.array(kept))).to_pylist()
                found |= dict(zip(places[kept].tolist(), map(_lines, texts), strict=True))
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


def _alike(values: pa.Array, known: pa.Array) -> pa.Array:
    """Ids as the predictions have them: whole numbers, null where there is none, or text."""
    if not pa.types.is_integer(known.type):
        return values.cast(pa.string())
    if pa.types.is_integer(values.type):
        return values
    whole = pc.if_else(pc.match_substring_regex(values, WHOLE), values, None)
    return pc.replace_substring_regex(whole, r"\.0+$", "").cast(pa.int64())
