"""Write a figure as SVG and PDF, and its numbers as CSV. The same figure gives the same bytes."""

from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.figure
import pandas as pd

from lesion.artifacts.atomic import replacing
from lesion.artifacts.csv_tables import write_csv
from lesion.params.figure import Figure
from lesion.views.figures import style

METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Creator": "Lesion", "Date": None},
    "pdf": {"Creator": "Lesion", "Producer": "Matplotlib", "CreationDate": None},
}


TRUE_TYPE = 42
"""How a PDF holds its letters: as journals ask for."""


def files(
    drawn: Callable[[], matplotlib.figure.Figure],
    figure: Figure,
    texts: Iterable[str] = (),
    *,
    suffixes: Sequence[str] = tuple(METADATA),
) -> dict[str, bytes]:
    """The bytes of a figure's files by suffix.

    Parameters
    ----------
    drawn : makes the figure; called with the style applied
    figure : its size
    texts : text from data that it shows
    suffixes : svg and pdf, or one of them
    """
    made = {}
    with style.applied(figure, texts), matplotlib.rc_context({"pdf.fonttype": TRUE_TYPE}):
        drawing = drawn()
        for suffix in suffixes:
            buffer = BytesIO()
            drawing.savefig(buffer, format=suffix, metadata=METADATA[suffix])
            drawing.set_layout_engine("none")  # laid out by the first format; the second need not do it again
            made[suffix] = buffer.getvalue()
    return made


def stacked(parts: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Tables of the same columns one below the other; an empty table where none has a row."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns))


def _texts(table: pd.DataFrame) -> set[str]:
    columns = (table[name].unique() for name in table.select_dtypes(exclude=["number", "bool"]))
    return {value for column in columns for value in column if isinstance(value, str)}


def save(
    table: pd.DataFrame,
    plot: Callable[[pd.DataFrame], matplotlib.figure.Figure],
    *,
    svg: Path,
    pdf: Path,
    numbers: Path,
    figure: Figure,
) -> None:
    """Plot a table and write the figure to `svg` and `pdf`, the table to `numbers`, once all is drawn."""
    made = files(lambda: plot(table), figure, _texts(table))
    write_csv(numbers, table)
    for suffix, path in (("svg", svg), ("pdf", pdf)):
        with replacing(path) as temporary:
            temporary.write_bytes(made[suffix])
