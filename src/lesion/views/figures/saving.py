"""A figure on disk: SVG and PDF, and the numbers that it shows beside. Bytes are a function of the figure alone."""

from typing import Any

import matplotlib.figure
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.atomic import replacing
from lesion.artifacts.csv_tables import write_csv

METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Creator": "Lesion", "Date": None},
    "pdf": {"Creator": "Lesion", "Producer": "Matplotlib", "CreationDate": None},
}


def save(study: str, name: str, numbers: pd.DataFrame, drawing: matplotlib.figure.Figure) -> None:
    """Write `figures/<name>.csv`, `.svg` and `.pdf`; within `style.applied`, which makes their bytes repeat."""
    write_csv(paths.figure(study, name, "csv"), numbers)
    for suffix, metadata in METADATA.items():
        with replacing(paths.figure(study, name, suffix)) as temporary:
            drawing.savefig(temporary, format=suffix, metadata=metadata)
        drawing.set_layout_engine("none")  # laid out by the first format; the second need not do it again
