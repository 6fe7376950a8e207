"""`lesion audit`: two files of predictions in, a folder of tables, figures and one page out."""

from pathlib import Path
from typing import Any

from lesion.audit.comparison.files.texts import TextTable
from lesion.audit.comparison.from_files import from_files
from lesion.audit.estimator import Audit
from lesion.views.page.contents import contents
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
    audit = Audit(**options)
    audit.check()
    table = None if texts is None else TextTable(texts)
    audit.compare(from_files(dense, compressed, **audit.drawing))
    graded = audit.pie_
    said = None if table is None else table.of(graded["example_id"].to_numpy(), graded["pie"].to_numpy())
    write_folder(out, contents(dense, compressed, audit.audited_, texts=said))
