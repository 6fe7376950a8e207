"""The page as one HTML document that needs nothing else: template, styles and script of this package."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from lesion.audit.comparison.source import Source
from lesion.audit.contract import Finding
from lesion.audit.gate.contract import Verdict
from lesion.views.gallery.rendering import render_template
from lesion.views.page.cells import body, cell_name, labels
from lesion.views.page.page import Table, clipped
from lesion.views.page.verdicts import answer, decided
from lesion.views.text import path_text

HERE = "lesion.views.page"


@dataclass(frozen=True)
class Part:
    """What the page says of one candidate.

    Attributes
    ----------
    mark : what the ids of its elements begin with; "" where it is the only one
    folder : where its files lie, ending in /; "" beside the page
    compressed, models : its file, and how many models that holds, as text
    headline : the one sentence that matters
    pays, sure, rest : the tables on who pays, on how sure that is, and all others
    pairs : what the dense and the compressed model of each pair are called
    verdict : where a budget was given
    sources : the files that were read, dense first; None for arrays
    """

    name: str
    mark: str
    folder: str
    compressed: str
    models: str
    headline: str
    findings: Sequence[Finding]
    notes: Sequence[str]
    pays: Sequence[Table]
    sure: Sequence[Table]
    rest: Sequence[Table]
    pairs: Sequence[tuple[str, str]]
    verdict: Verdict | None = None
    sources: tuple[Source, Source] | None = None


@dataclass(frozen=True)
class _Shown:
    """A table as the template takes it."""

    id: str
    title: str
    text: str
    drawing: Markup
    columns: Sequence[tuple[str, Markup]]
    names: int
    keys: Sequence[tuple[Markup, str]]
    body: Markup
    rows: int
    first: int
    fewer: str
    said: str
    href: str


def _shown(table: Table, part: str, folder: str) -> _Shown:
    columns = [(cell_name(name), Markup("")) for name in table.columns]
    keys: list[tuple[Markup, str]] = []
    if table.chart is not None:
        columns.insert(table.names, (table.chart.title, Markup(table.chart.axis)))
        keys = [(Markup(mark), text) for mark, text in table.chart.keys]
    many, total = len(table.rows), f"{table.total:,}"
    fewer = f"{many:,} of {total} rows" if table.total > many else ""
    here = f"{fewer}; all are in" if fewer else "These rows are in"
    return _Shown(
        f"{part}{slug(table.title)}", table.title, table.text, Markup(table.drawing), columns, table.names, keys,
        Markup(body(table)), many, table.first, fewer, here, f"{folder}{table.file}",
    )  # fmt: skip


def slug(text: str) -> str:
    """A text as the id of an element."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _answer(parts: Sequence[Part], dense: Path) -> str:
    """What the page begins with where there are several candidates, or verdicts."""
    verdicts = [part.verdict for part in parts if part.verdict is not None]
    return answer(verdicts) if verdicts else f"{len(parts)} candidates against {path_text(Path(dense.name))}"


def _resource(name: str) -> str:
    return files(HERE).joinpath(name).read_text(encoding="utf-8")


def render(
    *,
    dense: Path,
    dense_models: str,
    examples: str,
    notes: Sequence[str],
    tables: Sequence[Table],
    parts: Sequence[Part],
    made: Sequence[str],
) -> str:
    """The page as HTML; all text from data is escaped.

    Parameters
    ----------
    dense_models, examples : how many there are, as text
    notes, tables : on all candidates together
    parts : on each candidate
    made : the files beside the page; none where it stands alone, without links to them
    """
    of_all = [_shown(table, "all-", "") for table in tables]
    shown: list[Mapping[str, Any]] = [
        {
            "part": part,
            "id": f"{part.mark}about",
            "verdict": decided(part.verdict) if part.verdict else None,
            "pays": [_shown(table, part.mark, part.folder) for table in part.pays],
            "sure": [_shown(table, part.mark, part.folder) for table in part.sure],
            "rest": [_shown(table, part.mark, part.folder) for table in part.rest],
        }
        for part in parts
    ]
    every = [*of_all, *(table for one in shown for name in ("pays", "sure", "rest") for table in one[name])]
    sources = [source for part in parts for source in part.sources or ()]
    script = _resource("script.js")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return render_template(
        HERE,
        answer=_answer(parts, dense),
        dense=path_text(dense),
        dense_models=dense_models,
        examples=examples,
        notes=notes,
        tables=of_all,
        parts=shown,
        made=made,
        clipped=clipped,
        read=[(path_text(one.path), one) for one in dict.fromkeys(sources)],
        styles=Markup(_resource("style.css")),
        labels=Markup("\n".join(labels(table.id, [name for name, _ in table.columns]) for table in every)),
        script=Markup(script),
        digest=digest,
    )
