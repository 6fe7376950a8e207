"""What the folder of an audit holds: tables, figures, and the page made of both."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.comparison import SIDES
from lesion.audit.contract import AuditedCandidates, Candidate
from lesion.audit.gate.contract import Verdict
from lesion.audit.registry import load_all
from lesion.views.page import candidates, examples, page
from lesion.views.page.document import Part, render
from lesion.views.page.figures import Figures
from lesion.views.page.folder import PAGE, Writer, writer
from lesion.views.page.parts import models, part
from lesion.views.page.pictures import Pictures
from lesion.views.text import path_text

NOTHING: Mapping[str, Writer] = {}


def contents(
    dense: Path,
    compressed: Mapping[str, Path],
    found: AuditedCandidates,
    *,
    texts: pd.Series | None = None,
    pictures: Pictures | None = None,
    verdicts: Sequence[Verdict] = (),
    beside: Mapping[str, Writer] = NOTHING,
) -> dict[str, Writer]:
    """Name of each file → what writes it. The files of one candidate lie at the top, those of several in its folder.

    Parameters
    ----------
    dense, compressed : the files that were audited, as the page names them; of each candidate by its name
    texts : those of the PIE of any candidate, by `example_id`
    pictures : where the pictures of examples lie
    verdicts : one a candidate, in their order, where a budget was given
    beside : further files, which the page names, too
    """
    writers: dict[str, Writer] = dict(beside)
    pies = _pies(found, texts)
    for (candidate, figures), pie in zip(_each(found), pies, strict=True):
        figures.of_audit(candidate.audited)
        writers |= {**_tables(candidate, pie, figures.folder), **figures.writers}
    of_all, tables = Figures(), _of_all(found)
    if tables:
        of_all.of_candidates(found)
    sections = candidates.sections(found) if tables else []
    writers |= {**of_all.writers, **tables}
    named = {name: path_text(path) for name, path in compressed.items()}
    parts = _parts(found, named, pies, pictures=pictures, verdicts=verdicts)
    text = _page(dense, found, parts, sections, made=sorted(writers))
    return {**writers, PAGE: writer(text.encode())}


def page_alone(found: AuditedCandidates, *, verdicts: Sequence[Verdict] = ()) -> str:
    """The page without files beside it, to be sent or to be shown by itself: HTML."""
    sources = [candidate.audited.comparison.sources for candidate in found.all]
    dense = Path(SIDES[0]) if sources[0] is None else sources[0][0].path
    named = {
        candidate.name: candidate.name if source is None else path_text(source[1].path)
        for candidate, source in zip(found.all, sources, strict=True)
    }
    sections = candidates.sections(found) if _of_all(found) else []
    return _page(dense, found, _parts(found, named, _pies(found), verdicts=verdicts), sections, made=[])


def _each(found: AuditedCandidates) -> Iterator[tuple[Candidate, Figures]]:
    """Each candidate, and its figures: of several, in a folder of its own."""
    for place, candidate in enumerate(found.all):
        several = len(found.all) > 1
        yield candidate, Figures(f"{candidate.name}/", f"candidate-{place}-") if several else Figures()


def _pies(found: AuditedCandidates, texts: pd.Series | None = None) -> list[pd.DataFrame]:
    """The PIE of each candidate, with what they say where that is known."""
    return [examples.found(candidate.audited, texts) for candidate in found.all]


def _of_all(found: AuditedCandidates) -> dict[str, Writer]:
    """The tables over candidates: name of each file → what writes it; none of a single candidate."""
    if len(found.all) == 1:
        return {}
    return {f"{name}.csv": partial(_write_frame, table) for name, table in found.tables.items() if len(table)}


def _parts(
    found: AuditedCandidates,
    named: Mapping[str, str],
    pies: Sequence[pd.DataFrame],
    *,
    pictures: Pictures | None = None,
    verdicts: Sequence[Verdict],
) -> list[Part]:
    """What the page says of each candidate.

    Parameters
    ----------
    named : name of a candidate → its file, as people read it
    pies : the PIE of each candidate (`_pies`)
    """
    judged = {verdict.candidate: verdict for verdict in verdicts}
    return [
        part(
            candidate,
            file=named[candidate.name],
            folder=figures.folder,
            mark=figures.mark,
            pie=pie,
            pictures=pictures,
            verdict=judged.get(candidate.name),
        )
        for (candidate, figures), pie in zip(_each(found), pies, strict=True)
    ]


def _page(
    dense: Path, found: AuditedCandidates, parts: Sequence[Part], tables: Sequence[page.Table], *, made: Sequence[str]
) -> str:
    audited = found.all[0].audited
    return render(
        dense=dense,
        dense_models=models(audited, SIDES[0]),
        examples=f"{len(audited.comparison.example_id):,}",
        notes=found.notes,
        tables=tables,
        parts=parts,
        made=made,
    )


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


def _write_frame(table: pd.DataFrame, path: Path) -> None:
    write_csv(path, table)


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    content = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
    with path.open("wb") as file:  # Python opens a name that is not UTF-8, Arrow does not
        pq.write_table(content, file, compression="zstd")
