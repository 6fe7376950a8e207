"""What the folder of an audit holds: tables, figures, and the page made of both."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lesion.artifacts.csv_tables import write_csv
from lesion.audit.contract import AuditedCandidates, Candidate
from lesion.audit.gate.contract import Verdict
from lesion.audit.registry import load_all
from lesion.views.page import candidates, examples, page
from lesion.views.page.document import Part, render
from lesion.views.page.figures import Figures
from lesion.views.page.folder import PAGE, Writer
from lesion.views.page.parts import models, part
from lesion.views.page.pictures import Pictures


def contents(
    dense: Path,
    compressed: Mapping[str, Path],
    found: AuditedCandidates,
    *,
    texts: pd.Series | None = None,
    pictures: Pictures | None = None,
    verdicts: Sequence[Verdict] = (),
) -> dict[str, Writer]:
    """Name of each file → what writes it. The files of one candidate lie at the top, those of several in its folder.

    Parameters
    ----------
    dense, compressed : the files that were audited, as the page names them; of each candidate by its name
    texts : those of the PIE of any candidate, by `example_id`
    pictures : where the pictures of examples lie
    verdicts : one a candidate, in their order, where a budget was given
    """
    several, writers, parts = len(found.all) > 1, dict[str, Writer](), list[Part]()
    judged = {verdict.candidate: verdict for verdict in verdicts}
    for place, candidate in enumerate(found.all):
        pie = examples.found(candidate.audited, texts)
        figures = Figures(f"{candidate.name}/", f"candidate-{place}-") if several else Figures()
        figures.of_audit(candidate.audited)
        writers |= {**_tables(candidate, pie, figures.folder), **figures.writers}
        parts.append(
            part(
                candidate,
                file=page.path_text(compressed[candidate.name]),
                folder=figures.folder,
                mark=figures.mark,
                pie=pie,
                pictures=pictures,
                verdict=judged.get(candidate.name),
            )
        )
    of_all: list[page.Table] = []
    if several:
        figures = Figures()
        of_all = candidates.sections(found, figures.draw)
        writers |= figures.writers
        writers |= {f"{name}.csv": partial(_write_frame, table) for name, table in found.tables.items() if len(table)}
    audited = found.all[0].audited
    text = render(
        dense=dense,
        dense_models=models(audited, "dense"),
        examples=f"{len(audited.comparison.example_id):,}",
        notes=found.notes,
        tables=of_all,
        parts=parts,
        made=sorted(writers),
    )
    return {**writers, PAGE: partial(_write_bytes, text.encode())}


def _tables(candidate: Candidate, pie: pd.DataFrame, folder: str) -> dict[str, Writer]:
    """The tables of one candidate: name of each file → what writes it."""
    audited, statistics = candidate.audited, load_all()
    writers: dict[str, Writer] = {f"{folder}summary.csv": partial(_write_frame, audited.summary.reset_index())}
    for name, table in audited.tables.items():
        if len(table):
            write = _write_parquet if statistics[name].SUFFIX == "parquet" else _write_frame
            writers[f"{folder}{name}.{statistics[name].SUFFIX}"] = partial(write, table)
    writers[f"{folder}pie.csv"] = partial(_write_frame, pie)
    return writers


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _write_frame(table: pd.DataFrame, path: Path) -> None:
    write_csv(path, table)


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    content = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
    with path.open("wb") as file:  # Python opens a name that is not UTF-8, Arrow does not
        pq.write_table(content, file, compression="zstd")
