"""What the folder of an audit holds: tables, figures, and the page made of both."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import matplotlib.figure
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.comparison import SIDES
from lesion.audit.contract import Audited, AuditedCandidates, Candidate, Finding
from lesion.audit.registry import load_all
from lesion.audit.statistics.flips import LABELS
from lesion.audit.statistics.subgroups import ALL
from lesion.params.figure import Figure
from lesion.views.figures import saving
from lesion.views.order import strongest_first
from lesion.views.page import candidates, confidence, drawings, flips, page
from lesion.views.page.folder import PAGE, Writer

SECTIONS = ("calibration", "effects", "flips", "impact", "null", "pie", "reliability", "subgroups")
"""Statistics that the page shows in their own way; any other has its table below them."""
SUFFIXES = ("svg",)
"""Of the figures. A PDF takes as long again: `lesion.Audit.plot` makes the same figures for any format."""
NOISE = Figure(width=8.0, height=3.0, font_size=9.0)


@dataclass
class _Figures:
    """Figures drawn so far: `writers` of their files below `folder`, and each as an element of the page.

    Attributes
    ----------
    mark : what their ids on the page begin with
    """

    folder: str = ""
    mark: str = ""
    writers: dict[str, Writer] = field(default_factory=dict)

    def draw(
        self,
        name: str,
        size: Figure,
        description: str,
        drawn: Callable[[], matplotlib.figure.Figure],
        texts: Sequence[str] = (),
    ) -> str:
        made = saving.files(drawn, size, texts, suffixes=SUFFIXES)
        for suffix, content in made.items():
            self.writers[f"{self.folder}figures/{name}.{suffix}"] = partial(_write_bytes, content)
        return page.inline(made["svg"].decode(), f"{self.mark}{name}", description)


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    content = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
    with path.open("wb") as file:  # Python opens a name that is not UTF-8, Arrow does not
        pq.write_table(content, file, compression="zstd")


def contents(
    dense: Path, compressed: Mapping[str, Path], candidates_found: AuditedCandidates, *, texts: pd.Series | None = None
) -> dict[str, Writer]:
    """Name of each file → what writes it. The files of one candidate lie at the top, those of several in its folder.

    Parameters
    ----------
    dense, compressed : the files that were audited, as the page names them; of each candidate by its name
    texts : those of the PIE of any candidate, by `example_id`
    """
    several = len(candidates_found.all) > 1
    writers: dict[str, Writer] = {}
    shown = []
    for place, candidate in enumerate(candidates_found.all):
        figures = _Figures(f"{candidate.name}/", f"candidate-{place}-") if several else _Figures()
        shown.append(_part(candidate, compressed[candidate.name], figures, texts))
        writers |= figures.writers
    of_all: list[page.Table] = []
    if several:
        figures = _Figures()
        of_all = candidates.sections(candidates_found, figures.draw)
        for name, table in candidates_found.tables.items():
            if len(table):
                writers[f"{name}.csv"] = partial(_write_frame, table)
        writers |= figures.writers
    text = page.render(
        dense=dense,
        notes=candidates_found.notes,
        facts=_facts(candidates_found.all[0].audited),
        tables=of_all,
        parts=shown,
        made=sorted(writers),
    )
    return {**writers, PAGE: partial(_write_bytes, text.encode())}


def _part(candidate: Candidate, compressed: Path, figures: _Figures, texts: pd.Series | None) -> page.Part:
    """The part of the page about one candidate; the writers of its files are added to those of its figures."""
    audited, folder = candidate.audited, figures.folder
    statistics, found = load_all(), _found(audited, texts)
    writers: dict[str, Writer] = {"summary.csv": partial(_write_frame, audited.summary.reset_index())}
    for name, table in audited.tables.items():
        if len(table):
            write = _write_parquet if statistics[name].SUFFIX == "parquet" else _write_frame
            writers[f"{name}.{statistics[name].SUFFIX}"] = partial(write, table)
    writers["pie.csv"] = partial(_write_frame, found)
    noise, null = "", audited.tables["null"]
    if len(null):
        drawn = partial(drawings.noise, null)
        noise = figures.draw("noise", NOISE, "Counts beside seed noise", drawn)
    shown = [
        *_classes(audited, figures),
        *_subgroups(audited, figures),
        *_flips(audited, figures),
        _examples(found),
        *confidence.section(audited, figures.draw),
        *_others(audited),
    ]
    figures.writers |= {f"{folder}{name}": write for name, write in writers.items()}
    findings = (statistic.finding(audited) for statistic in statistics.values())
    return page.Part(
        name=candidate.name,
        folder=folder,
        compressed=page.path_text(compressed),
        models=_models(audited, "compressed"),
        findings=_in_place(finding for finding in findings if finding is not None),
        notes=audited.notes,
        tables=shown,
        noise=noise,
        pairs=_pairs(audited),
    )


def _write_frame(table: pd.DataFrame, path: Path) -> None:
    write_csv(path, table)


def _in_place(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.place)


def _found(audited: Audited, texts: pd.Series | None) -> pd.DataFrame:
    """The PIE alone, the surest first."""
    table = audited.tables["pie"]
    found = strongest_first(table[table["pie"]]).drop(columns="pie")
    return found if texts is None else found.assign(text=found["example_id"].map(texts))


def _facts(audited: Audited) -> dict[str, str]:
    return {"dense_models": _models(audited, "dense"), "examples": f"{len(audited.comparison.example_id):,}"}


def _models(audited: Audited, side: str) -> str:
    count = audited.comparison.members[SIDES.index(side)]
    return "one model" if count == 1 else f"{count} models"


def _pairs(audited: Audited) -> list[tuple[str, str]]:
    """What the two models of each pair are called; none where models are independent, or have no names."""
    dense, compressed = audited.comparison.dense.names, audited.comparison.compressed.names
    if not audited.comparison.paired or dense is None or compressed is None:
        return []
    return list(zip(dense, compressed, strict=True))


def _classes(audited: Audited, figures: _Figures) -> list[page.Table]:
    table = audited.tables["impact"]
    if table.empty:
        return []
    ordered = table.iloc[drawings.extremes(table["change"])]
    names = [str(name) for name in ordered["name"]]
    drawing = (
        ""
        if audited.comparison.single
        else figures.draw(  # the figure of flips shows the same changes
            "classes",
            drawings.size(len(ordered)),
            "Change of recall of each class",
            lambda: drawings.intervals(
                "Which classes change more than the average?",
                ordered,
                names,
                average=audited.summary.loc["compressed", "top1_change"],
                unit="recall",
                alpha=audited.alpha,
            ),
            names,
        )
    )
    few = table.sort_values(["normalised_change", "class"], kind="stable").head(page.ROWS)
    said = "The classes that pay most beside the average come first."
    if drawing and len(ordered) < len(table):
        half = len(ordered) // 2
        said += f" The figure shows the {half} classes that lose most and the {half} that gain most."
    return [page.Table("Classes", said, "impact.csv", *page.class_rows(few), len(table), drawing)]


def _subgroups(audited: Audited, figures: _Figures) -> list[page.Table]:
    table = audited.tables["subgroups"]
    errors = table[(table["measure"] == "error") & (table["attribute"] != ALL)]
    if errors.empty:
        return []
    ordered = errors.iloc[drawings.extremes(-errors["change"])]
    names = [f"{row['attribute']}: {row['group']}" for row in ordered.to_dict("records")]
    drawing = (
        ""
        if audited.comparison.single
        else figures.draw(
            "subgroups",
            drawings.size(len(ordered)),
            "Change of the error rate of each group",
            lambda: drawings.intervals(
                "Which groups change more than the average?",
                ordered,
                names,
                average=-audited.summary.loc["compressed", "top1_change"],
                unit="the error rate",
                alpha=audited.alpha,
            ),
            names,
        )
    )
    said = "Wrong answers by group: more of them is a loss. Of two classes, the second counts as positive."
    rows = page.group_rows(table.head(page.ROWS))
    return [page.Table("Groups", said, "subgroups.csv", *rows, len(table), drawing)]


def _flips(audited: Audited, figures: _Figures) -> list[page.Table]:
    table = audited.tables["flips"]
    groups, pairs = flips.of_groups(table), table[table["attribute"] == LABELS]
    drawing, shown = "", flips.shown(table)
    if audited.comparison.single and shown["change"].notna().any():
        ordered = shown.iloc[drawings.extremes(shown["change"])]
        names = [flips.named(row) for row in ordered.to_dict("records")]
        drawing = figures.draw(
            "flips",
            drawings.size(len(ordered)),
            "Answers broken and fixed in each class and group",
            lambda: flips.drawn(ordered, names, average=table["change"].iloc[0], alpha=audited.alpha),
            names,
        )
    first = flips.group_rows(groups.head(page.ROWS))
    tables = [page.Table("Answers that change", flips.explained(table), "flips.csv", *first, len(groups), drawing)]
    if len(pairs):
        said = "Which answers became which, the most frequent first."
        last = flips.label_rows(pairs.head(page.ROWS))
        tables.append(page.Table("From answer to answer", said, "flips.csv", *last, len(pairs)))
    return tables


def _examples(found: pd.DataFrame) -> page.Table:
    few = found.head(page.ROWS)
    said = "The examples that get another answer, those first of which it is surest that compression did it."
    if found["pie_score"].isna().all():  # a single pair of models
        said = "The examples that get another answer: broken ones first, the most confident on top."
    return page.Table(
        "Examples (PIE)",
        said if len(found) else "No example gets another answer.",
        "pie.csv",
        *page.example_rows(few),
        len(found),
        texts=[page.excerpt(text) for text in few.get("text", ())],
    )


def _others(audited: Audited) -> list[page.Table]:
    """The tables of statistics that have no section of their own."""
    tables = []
    for name, statistic in load_all().items():
        table = audited.tables[name]
        if name not in SECTIONS and len(table):
            title, text = name.replace("_", " ").capitalize(), (statistic.__doc__ or "").partition("\n")[0]
            rows = page.plain_rows(table.head(page.ROWS))
            tables.append(page.Table(title, text, f"{name}.{statistic.SUFFIX}", *rows, len(table)))
    return tables
