"""A figure on disk: SVG and PDF, and the numbers that it shows beside. Bytes are a function of the figure alone."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import matplotlib.figure
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.atomic import replacing
from lesion.artifacts.csv_tables import write_csv
from lesion.params.figure import Figure
from lesion.views.figures import style

METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Creator": "Lesion", "Date": None},
    "pdf": {"Creator": "Lesion", "Producer": "Matplotlib", "CreationDate": None},
}


def files(drawn: Callable[[], matplotlib.figure.Figure], figure: Figure, texts: Iterable[str] = ()) -> dict[str, bytes]:
    """The bytes of a figure's files by suffix, svg and pdf.

    Parameters
    ----------
    drawn : makes the figure; called with the style applied
    figure : its size
    texts : text from data that it shows
    """
    made = {}
    with style.applied(figure, texts):
        drawing = drawn()
        for suffix, metadata in METADATA.items():
            buffer = BytesIO()
            drawing.savefig(buffer, format=suffix, metadata=metadata)
            drawing.set_layout_engine("none")  # laid out by the first format; the second need not do it again
            made[suffix] = buffer.getvalue()
    return made


def _texts(table: pd.DataFrame) -> set[str]:
    columns = (table[name].unique() for name in table.select_dtypes(exclude=["number", "bool"]))
    return {value for column in columns for value in column if isinstance(value, str)}


def save(
    study: str,
    name: str,
    numbers: pd.DataFrame,
    plot: Callable[[pd.DataFrame], matplotlib.figure.Figure],
    figure: Figure,
) -> None:
    """Plot the numbers, and write `figures/<name>.csv`, `.svg` and `.pdf`."""
    made = files(lambda: plot(numbers), figure, _texts(numbers))
    write_csv(paths.figure(study, name, "csv"), numbers)
    for suffix, content in made.items():
        with replacing(paths.figure(study, name, suffix)) as temporary:
            temporary.write_bytes(content)
