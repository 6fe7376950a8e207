"""What the folder of an audit holds: tables, figures, and the page made of both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import matplotlib.figure
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.arrays import SIDES
from lesion.audit.statistics.subgroups import ALL
from lesion.params.figure import Figure
from lesion.views.figures import saving
from lesion.views.page import drawings, page, words
from lesion.views.page.folder import PAGE, Writer

NOISE = Figure(width=9.0, height=3.4, font_size=9.0)


@dataclass(frozen=True)
class Tables:
    """What an audit found, with classes by their names; as in `lesion.audit.estimator.Audit`.

    `classes` is `impact_`, or `recall_` where no class can be tested; `texts` those of the PIE, by `example_id`.
    """

    summary: pd.DataFrame
    classes: pd.DataFrame | None
    pie: pd.DataFrame
    null: pd.DataFrame | None
    effects: pd.DataFrame
    subgroups: pd.DataFrame | None
    notes: tuple[str, ...]
    texts: pd.Series | None = None

    @property
    def measures(self) -> pd.DataFrame:
        """The summary by measure."""
        return self.summary.set_index("measure")

    @property
    def found(self) -> pd.DataFrame:
        """The PIE alone, the surest first."""
        order = self.pie[self.pie["pie"]].sort_values(["pie_score", "taxicab"], ascending=False, kind="stable")
        order = order.drop(columns="pie")
        return order if self.texts is None else order.assign(text=order["example_id"].map(self.texts))


@dataclass
class _Figures:
    """Figures drawn so far: `writers` of their files, and each as an element of the page."""

    writers: dict[str, Writer] = field(default_factory=dict)

    def draw(
        self,
        name: str,
        size: Figure,
        description: str,
        drawn: Callable[[], matplotlib.figure.Figure],
        texts: Sequence[str] = (),
    ) -> str:
        made = saving.files(drawn, size, texts)
        self.writers |= {f"figures/{name}.{suffix}": partial(_write_bytes, content) for suffix, content in made.items()}
        return page.inline(made["svg"].decode(), name, description)


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    pq.write_table(
        pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(), path, compression="zstd"
    )


def contents(dense: Path, compressed: Path, tables: Tables, *, alpha: float) -> dict[str, Writer]:
    """Name of each file → what writes it.

    Parameters
    ----------
    dense, compressed : the files that were audited, as the page names them
    """
    csv = {"summary": tables.summary, "impact": tables.classes, "pie": tables.found, "null": tables.null}
    csv |= {"effects": tables.effects, "subgroups": tables.subgroups}
    writers: dict[str, Writer] = {
        f"{name}.csv": partial(_write_frame, table) for name, table in csv.items() if table is not None
    }
    writers["pie.parquet"] = partial(_write_parquet, tables.pie)
    figures = _Figures()
    noise = ""
    if tables.null is not None:
        null = tables.null
        noise = figures.draw("noise", NOISE, "Counts beside seed noise", lambda: drawings.noise(null, alpha=alpha))
    shown = [*_classes(tables, figures, alpha=alpha), *_subgroups(tables, figures, alpha=alpha), _examples(tables)]
    writers |= figures.writers
    text = page.render(
        dense=dense,
        compressed=compressed,
        findings=_findings(tables, alpha=alpha),
        notes=tables.notes,
        tables=shown,
        noise=noise,
        facts=_facts(tables),
        made=sorted(writers),
    )
    return {**writers, PAGE: partial(_write_bytes, text.encode())}


def _write_frame(table: pd.DataFrame, path: Path) -> None:
    write_csv(path, table)


def _facts(tables: Tables) -> dict[str, str]:
    models = tables.measures.loc["models"]
    said = {side: "one model" if models[side] == 1 else f"{models[side]:.0f} models" for side in SIDES}
    return {**{f"{side}_models": count for side, count in said.items()}, "examples": f"{len(tables.pie):,}"}


def _findings(tables: Tables, *, alpha: float) -> list[words.Finding]:
    rows = tables.measures
    found = [words.average(rows)] if "top1" in rows.index else []
    found.append(words.examples(rows, tables.null))
    if tables.classes is not None:
        found.append(words.classes(rows, tables.classes, tables.null, alpha=alpha))
    if tables.subgroups is not None:
        found.append(words.subgroups(tables.subgroups, alpha=alpha))
    return found


def _classes(tables: Tables, figures: _Figures, *, alpha: float) -> list[page.Table]:
    table = tables.classes
    if table is None:
        return []
    ordered = table.iloc[drawings.extremes(table["change"])]
    names = [str(name) for name in ordered["class"]]
    drawing = figures.draw(
        "classes",
        drawings.size(len(ordered)),
        "Change of recall of each class",
        lambda: drawings.intervals(
            "Which classes change more than the average?",
            ordered,
            names,
            average=tables.measures.loc["top1", "value"],
            unit="recall",
            alpha=alpha,
        ),
        names,
    )
    few = table.sort_values(["normalised_change", "class"], kind="stable").head(page.ROWS)
    said = "The classes that pay most beside the average come first."
    if len(ordered) < len(table):
        half = len(ordered) // 2
        said += f" The figure shows the {half} classes that lose most and the {half} that gain most."
    return [page.Table("Classes", said, "impact.csv", *page.class_rows(few), len(table), drawing)]


def _subgroups(tables: Tables, figures: _Figures, *, alpha: float) -> list[page.Table]:
    table = tables.subgroups
    if table is None:
        return []
    errors = table[(table["measure"] == "error") & (table["attribute"] != ALL)]
    ordered = errors.iloc[drawings.extremes(-errors["change"])]
    names = [f"{row['attribute']}: {row['group']}" for row in ordered.to_dict("records")]
    drawing = figures.draw(
        "subgroups",
        drawings.size(len(ordered)),
        "Change of the error rate of each group",
        lambda: drawings.intervals(
            "Which groups change more than the average?",
            ordered,
            names,
            average=-tables.measures.loc["top1", "value"],
            unit="the error rate",
            alpha=alpha,
        ),
        names,
    )
    said = "Wrong answers by group: more of them is a loss. Of two classes, the second counts as positive."
    rows = page.group_rows(table.head(page.ROWS))
    return [page.Table("Groups", said, "subgroups.csv", *rows, len(table), drawing)]


def _examples(tables: Tables) -> page.Table:
    found = tables.found
    few = found.head(page.ROWS)
    said = "The examples that get another answer, those first of which it is surest that compression did it."
    return page.Table(
        "Examples (PIE)",
        said if len(found) else "No example gets another answer.",
        "pie.csv",
        *page.example_rows(few),
        len(found),
        texts=[page.excerpt(text) for text in few.get("text", ())],
    )
