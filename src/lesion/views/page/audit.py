"""`lesion audit`: two files of predictions in, a folder of tables, figures and one page out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesion.audit.comparison.files.prediction_files import PredictionFiles, read_prediction_files
from lesion.audit.comparison.files.texts import TextTable
from lesion.audit.estimator import Audit
from lesion.views.page.contents import Tables, contents
from lesion.views.page.folder import check_folder, write_folder


def audit(
    *,
    dense: Path,
    compressed: Path,
    out: Path,
    texts: Path | None = None,
    **options: Any,
) -> None:
    """Read the predictions of two populations, audit them, and write the folder `out`.

    Parameters
    ----------
    texts : a table with `example_id` and `text`, for examples that are shown as text (.csv, .csv.gz or .parquet)
    options : of `Audit`

    Raises
    ------
    InputError
        Where a file is no such thing, an option is out of range, or `out` holds files of something else. Nothing has
        been written by then.
    """
    check_folder(out)
    audited = Audit(**options)
    said = None if texts is None else TextTable(texts)
    files = read_prediction_files(dense, compressed)
    fit(audited, files)
    write_folder(out, contents(dense, compressed, tables(audited, files, said), alpha=audited.alpha))


def fit(audited: Audit, files: PredictionFiles) -> None:
    """Audit what the files hold."""
    one, other = files.dense, files.compressed
    audited.fit(
        one.prediction,
        other.prediction,
        one.label,
        example_id=one.example_id if files.example_names is None else np.array(files.example_names, dtype=object),
        groups=files.attributes or None,
        true_probability=(one.true_probability, other.true_probability),
        correct_top5=(one.correct_top5, other.correct_top5),
    )


def tables(audited: Audit, files: PredictionFiles, said: TextTable | None) -> Tables:
    """What was found, with the names that the files give to classes, and of PIE the texts."""
    graded = audited.pie_
    texts = None if said is None else said.of(graded["example_id"].to_numpy(), graded["pie"].to_numpy())
    notes, classes = audited.notes_, audited.recall_ if audited.impact_ is None else audited.impact_
    if files.left_out:
        columns = ", ".join(files.left_out)
        notes += (f"Not used as attributes, for they hold lists, bytes, or more than 256 values: {columns}.",)
    return Tables(
        summary=audited.summary_,
        classes=None if classes is None else _named(classes, ["class"], files),
        pie=_named(audited.pie_, ["label", "dense_label", "compressed_label"], files),
        null=audited.null_,
        effects=audited.effects_,
        subgroups=audited.subgroups_,
        notes=notes,
        texts=texts,
    )


def _named(table: pd.DataFrame, columns: list[str], files: PredictionFiles) -> pd.DataFrame:
    if files.class_names is None:
        return table
    names = np.array(files.class_names, dtype=object)
    found = {name: names[table[name]] for name in columns if table[name].notna().all()}
    return table.assign(**found)
