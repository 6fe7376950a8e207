"""`lesion audit`: files of predictions in, a folder of tables, figures and one page out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesion.audit.candidates.estimator import Candidates
from lesion.audit.comparison.files.texts import TextTable
from lesion.audit.contract import AuditedCandidates
from lesion.views.page.contents import contents
from lesion.views.page.folder import check_folder, write_folder
from lesion.views.page.pictures import Pictures


def audit(
    *,
    dense: Path,
    compressed: Mapping[str, Path],
    out: Path,
    texts: Path | None = None,
    facts: Path | None = None,
    images: Path | None = None,
    **options: Any,
) -> AuditedCandidates:
    """Read the predictions of dense models and of each candidate, audit them, and write the folder `out`.

    Parameters
    ----------
    compressed : name of a candidate → its file
    texts : a table with `example_id` and `text`, for examples that are shown as text (.csv, .csv.gz or .parquet)
    facts : a table of what else is known of each candidate, and of dense, such as size and latency: .csv, .tsv,
        .parquet or .yaml
    images : a folder of pictures, or a table of their paths (`lesion.views.page.pictures`)
    options : of `Audit`

    Raises
    ------
    InputError
        Where a file is no such thing, an option is out of range, or `out` holds files of something else. Nothing has
        been written by then.
    """
    check_folder(out)
    candidates = Candidates(**options)
    candidates.check()
    table = None if texts is None else TextTable(texts)
    pictures = None if images is None else Pictures(images)
    found = candidates.fit_files(dense, compressed, facts=facts).audited_
    said = None if table is None else _texts_of_pie(table, found)
    write_folder(out, contents(dense, compressed, found, texts=said, pictures=pictures))
    return found


def _texts_of_pie(table: TextTable, found: AuditedCandidates) -> pd.Series:
    """What the PIE of any candidate say, by `example_id`."""
    graded = [candidate.audited.tables["pie"] for candidate in found.all]
    wanted = np.any([one["pie"].to_numpy() for one in graded], axis=0)
    return table.of(graded[0]["example_id"].to_numpy(), wanted)
