"""`lesion audit`: files of predictions in, a folder of tables, figures and one page out."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lesion.audit.candidates.estimator import Candidates
from lesion.audit.comparison.files.contract import NOTHING_SAID, Reading
from lesion.audit.comparison.files.texts import TextTable
from lesion.audit.contract import AuditedCandidates
from lesion.views.page.contents import contents
from lesion.views.page.folder import Writer, check_folder, write_folder, writer
from lesion.views.page.pictures import Pictures

if TYPE_CHECKING:  # without a budget it is not imported
    from lesion.audit.gate.gate import Gate


def audit(
    *,
    dense: Path,
    compressed: Mapping[str, Path],
    out: Path,
    texts: Path | None = None,
    facts: Path | None = None,
    images: Path | None = None,
    gate: "Gate | None" = None,
    reading: Reading = NOTHING_SAID,
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
    gate : what judges the candidates; its files are written, too
    reading : what the files of predictions do not tell themselves
    options : of `Audit`

    Raises
    ------
    InputError
        Where a file is no such thing, an option is out of range, `out` holds files of something else, or the budget of
        the gate does not fit the predictions. Nothing has been written by then.
    """
    check_folder(out)
    candidates = Candidates(**options)
    candidates.check()
    if gate is not None:
        _ = gate.read  # an InputError where it is no budget
    table = None if texts is None else TextTable(texts)
    pictures = None if images is None else Pictures(images)
    found = candidates.fit_files(dense, compressed, facts=facts, reading=reading).audited_
    said = None if table is None else _texts_of_pie(table, found)
    verdict = {} if gate is None else _verdict(gate, found)
    verdicts = () if gate is None else gate.verdicts_
    made = contents(dense, compressed, found, texts=said, pictures=pictures, verdicts=verdicts, beside=verdict)
    write_folder(out, made)
    return found


def _verdict(gate: "Gate", found: AuditedCandidates) -> dict[str, Writer]:
    gate.judge(found)
    return {name: writer(content) for name, content in gate.files_.items()}


def _texts_of_pie(table: TextTable, found: AuditedCandidates) -> pd.Series:
    """What the PIE of any candidate say, by `example_id`."""
    graded = [candidate.audited.tables["pie"] for candidate in found.all]
    wanted = np.any([one["pie"].to_numpy() for one in graded], axis=0)
    return table.of(graded[0]["example_id"].to_numpy(), wanted)
