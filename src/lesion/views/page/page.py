"""A table of the page, and how texts and numbers stand in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import category

import pandas as pd

from lesion.audit.wording import MINUS, points
from lesion.views.page.marks import Chart

ROWS = 500  # of a table on the page; all are in the file beside it
CLASSES = 1000  # rows of a table of classes or groups on the page
SHOWN = 50  # of these that are shown at first
EXCERPT = 300  # characters of a text on the page
SENTENCE = 800  # characters of what is said in sentences


@dataclass(frozen=True)
class Table:
    """A table of the page: its heading, an explanation, the file with all rows, columns and rows as text.

    Attributes
    ----------
    total : how many rows the file has
    drawing : a figure above it, as HTML
    texts : what is shown below the first cell of each row; empty for nothing
    names : how many of the first columns hold words, not numbers
    chart : a drawing in each row, after these columns
    first : how many rows are shown at first, where the script runs
    pictures : of each row, as the content of `src`; None for a row without one; empty for a table without any
    """

    title: str
    text: str
    file: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    total: int
    drawing: str = ""
    texts: Sequence[str] = ()
    names: int = 1
    chart: Chart | None = None
    pictures: Sequence[str | None] = ()
    first: int = SHOWN


def ends(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table, or the first and the last ones, as many of each, where there are more than `CLASSES`."""
    half = CLASSES // 2
    return table if len(table) <= CLASSES else pd.concat([table.head(half), table.tail(half)])


def decimal(value: float, digits: int = 2) -> str:
    """A number with a typographic minus; nothing where there is none."""
    return "" if pd.isna(value) else f"{value:.{digits}f}".replace("-", MINUS)


def excerpt(text: str, longest: int = EXCERPT) -> str:
    """The beginning of a text on one line, its control characters replaced: no page may hold them."""
    line = " ".join(text[: 8 * longest].split())
    line = "".join("\N{REPLACEMENT CHARACTER}" if category(sign) == "Cc" else sign for sign in line[: longest + 1])
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def clipped(text: str) -> str:
    """A sentence as it is, unless names of classes make it very long."""
    return text if len(text) <= SENTENCE else excerpt(text, SENTENCE)


def with_interval(row: Mapping[Any, Any], name: str) -> str:
    """A change in points and the ends of its interval."""
    if pd.isna(row[f"{name}_low"]):
        return points(row[name])
    return f"{points(row[name])} [{points(row[f'{name}_low'])}, {points(row[f'{name}_high'])}]"


def plain_rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of any table."""
    columns = [name.replace("_", " ") for name in table]
    rows = [[_plain(value) for value in row] for row in table.itertuples(index=False)]
    return columns, rows


def _plain(value: Any) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.4g}".replace("-", MINUS) if isinstance(value, float) else str(value)
