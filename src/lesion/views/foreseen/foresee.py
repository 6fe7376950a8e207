"""`lesion foresee`: one file of predictions in, a folder of tables and one page out."""

from functools import partial
from pathlib import Path

import pandas as pd

from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.files.contract import NOTHING_SAID, Reading
from lesion.audit.comparison.files.read import read, refuse_unheeded
from lesion.audit.comparison.files.texts import TextTable
from lesion.audit.foresight.entry import foresee_predictions
from lesion.audit.foresight.foresee import Foreseen
from lesion.views.foreseen.page import render
from lesion.views.page.folder import PAGE, Writer, check_folder, write_folder, writer

MARK = b'<meta name="generator" content="lesion foresee">'
FILES = ("expected.csv", "risk_parts.csv", "risk.csv", PAGE)
SHOWN = 50  # examples on the page, whose texts are read


def foresee(*, dense: Path, out: Path, texts: Path | None = None, reading: Reading = NOTHING_SAID) -> Foreseen:
    """Read the predictions of the dense models, rank them by risk, and write the folder `out`.

    Parameters
    ----------
    texts : a table with `example_id` and `text`, for examples that are shown as text (.csv, .csv.gz or .parquet)
    reading : what the file does not tell itself

    Raises
    ------
    InputError
        Where a file is no such thing, one model gives no confidence, or `out` holds files of something else. Nothing
        has been written by then.
    """
    check_folder(out, own=FILES, mark=MARK)
    table = None if texts is None else TextTable(texts)
    refuse_unheeded([dense], reading)
    found = foresee_predictions(read(dense, reading), dense)
    said = None
    if table is not None:
        ids = found.examples["example_id"].to_numpy()
        said = table.of(ids, found.examples["rank"].to_numpy() <= SHOWN)
    page = render(dense, found, examples=SHOWN, texts=said)
    writers: dict[str, Writer] = {
        "risk.csv": partial(_write, found.examples),
        "risk_parts.csv": partial(_write, found.parts),
    }
    if len(found.expected):
        writers["expected.csv"] = partial(_write, found.expected)
    writers[PAGE] = writer(page.encode())
    write_folder(out, writers, own=FILES)
    return found


def _write(table: pd.DataFrame, path: Path) -> None:
    write_csv(path, table)
