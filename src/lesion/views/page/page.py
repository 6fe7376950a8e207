"""The page of an audit: everything on one sheet that needs nothing else."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from unicodedata import category

import pandas as pd

from lesion.audit.comparison.comparison import SIDES
from lesion.audit.contract import Finding
from lesion.audit.wording import MINUS, number, p_value, percent, points
from lesion.views.gallery.rendering import render_template

ROWS = 50  # of a table on the page; all are in the file beside it
EXCERPT = 300  # characters of a text on the page


@dataclass(frozen=True)
class Table:
    """A table of the page: its heading, an explanation, the file with all rows, columns and rows as text.

    `texts` holds what is shown below each row; empty for nothing.
    """

    title: str
    text: str
    file: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    total: int
    drawing: str = ""
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Part:
    """What the page says of one candidate.

    Attributes
    ----------
    folder : where its files lie, ending in /; "" beside the page
    compressed, models : its file, and how many models that holds, as text
    noise : the figure of seed noise, or ""
    pairs : what the dense and the compressed model of each pair are called
    """

    name: str
    folder: str
    compressed: str
    models: str
    findings: Sequence[Finding]
    notes: Sequence[str]
    tables: Sequence[Table]
    noise: str
    pairs: Sequence[tuple[str, str]]


def inline(svg: str, name: str, description: str) -> str:
    """A figure as an element of the page, its ids told apart from those of other figures by `name`."""
    text = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(description)}" ', 1)


def decimal(value: float, digits: int = 2) -> str:
    """A number with a typographic minus; nothing where there is none."""
    return "" if pd.isna(value) else f"{value:.{digits}f}".replace("-", MINUS)


def path_text(path: Path) -> str:
    r"""A path as text that any file can hold: bytes of a name that is not UTF-8 become `\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def excerpt(text: str) -> str:
    """The beginning of a text on one line, its control characters replaced: no page may hold them."""
    line = " ".join(text.split())
    line = "".join("\N{REPLACEMENT CHARACTER}" if category(sign) == "Cc" else sign for sign in line[: EXCERPT + 1])
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1].rstrip()}…"


def with_interval(row: Mapping[Any, Any], name: str) -> str:
    """A change in points and the ends of its interval."""
    if pd.isna(row[f"{name}_low"]):
        return points(row[name])
    return f"{points(row[name])} [{points(row[f'{name}_low'])}, {points(row[f'{name}_high'])}]"


def class_rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the table of classes."""
    columns = ["class", "examples", "recall, dense", "recall, compressed", "change", "change beside the average"]
    tested = bool(table["q"].notna().any())
    rows = []
    for row in table.to_dict("records"):
        cells = [str(row["name"]), number(row["examples"]), percent(row["dense_recall"])]
        cells += [
            percent(row["compressed_recall"]),
            with_interval(row, "change"),
            with_interval(row, "normalised_change"),
        ]
        rows.append([*cells, p_value(row["p"]), p_value(row["q"])] if tested else cells)
    return ([*columns, "p", "q"] if tested else columns), rows


def group_rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the table of groups."""
    columns = [
        "group",
        "measure",
        "examples",
        "rate, dense",
        "rate, compressed",
        "change",
        "times the average",
        "p",
        "q",
    ]
    rows = []
    for row in table.to_dict("records"):
        name = "all" if row["attribute"] == "all" else f"{row['attribute']}: {row['group']}"
        count = f"{number(row['examples'])}{', small' if row['small'] else ''}"
        rates = [percent(row["dense_rate"]), percent(row["compressed_rate"]), with_interval(row, "change")]
        tested = [decimal(row["normalised_change"], 1), p_value(row["p"]), p_value(row["q"])]
        rows.append([name, row["measure"].replace("-", " "), count, *rates, *tested])
    return columns, rows


def example_rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the table of PIE."""
    labelled, scored = bool(table["label"].notna().any()), bool(table["pie_score"].notna().any())
    sure = bool(table["dense_confidence"].notna().any())
    confidence = [f"confidence, {side}" for side in SIDES] if sure else []
    graded = ["PIE score", "taxicab", "p", "q"] if scored else confidence
    columns = ["example", *(["true"] if labelled else []), "dense", "compressed", *graded]
    rows = []
    for row in table.to_dict("records"):
        share = [f" ({100 * row[f'{side}_share']:.0f} %)" if scored else "" for side in SIDES]
        said = [f"{row[f'{side}_label']}{of}" for side, of in zip(SIDES, share, strict=True)]
        if scored:
            cells = [decimal(row["pie_score"]), decimal(row["taxicab"]), p_value(row["p"]), p_value(row["q"])]
        else:
            cells = [decimal(row[f"{side}_confidence"]) for side in SIDES] if sure else []
        rows.append([str(row["example_id"]), *([str(row["label"])] if labelled else []), *said, *cells])
    return columns, rows


def plain_rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of any table."""
    columns = [name.replace("_", " ") for name in table]
    rows = [[_plain(value) for value in row] for row in table.itertuples(index=False)]
    return columns, rows


def _plain(value: Any) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.4g}".replace("-", MINUS) if isinstance(value, float) else str(value)


def render(
    *,
    dense: Path,
    notes: Sequence[str],
    facts: Mapping[str, str],
    tables: Sequence[Table],
    parts: Sequence[Part],
    made: Sequence[str],
) -> str:
    """The page as HTML; all text from data is escaped.

    Parameters
    ----------
    notes, tables : on all candidates together
    parts : on each candidate
    """
    return render_template(
        "lesion.views.page",
        dense=path_text(dense),
        notes=notes,
        facts=facts,
        tables=tables,
        parts=parts,
        made=made,
    )
