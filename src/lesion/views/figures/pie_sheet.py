"""The strongest PIE of each variant as images, with their true label and both modal labels."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Any

import pandas as pd
from matplotlib import figure as mpl
from matplotlib import rcParams
from matplotlib.axes import Axes

from lesion.artifacts.tables import read_parquet
from lesion.audit.comparison.classes import class_names
from lesion.audit.statistics import pie as pie_statistic
from lesion.data.inputs import Shown
from lesion.params.figure import Figure
from lesion.views.example_images import read_images
from lesion.views.figures import lettering, style, variants
from lesion.views.figures.saving import save, stacked
from lesion.views.order import strongest_first

INPUTS = ("examples", "images", "pie")

PER_VARIANT = 8
LABELS = ["label", "dense_label", "compressed_label"]
COLUMNS = [
    *("variant", "pie", "example_id", *LABELS, "name", "dense_name", "compressed_name"),
    *("dense_share", "compressed_share", "pie_score", "q"),
]
LINES, LINE_LENGTH = 7, 20  # of a text and their letters, that fit in the place of an image
NAME_LENGTH = 13  # characters of a class name that fit beside an image


def tabulate(graded: Mapping[str, pd.DataFrame], names: list[str]) -> pd.DataFrame:
    """The images of the sheet, row by row: for each variant its strongest PIE.

    Columns: variant, pie (how many the variant has), example_id, label, dense_label, compressed_label, the names of
    the three, dense_share, compressed_share (of members that give the modal label), pie_score, q.
    """
    parts = []
    for variant, table in graded.items():
        pie = strongest_first(table[table["pie"]])
        part = pie.head(PER_VARIANT).assign(variant=variant, pie=len(pie))
        for label in LABELS:
            part[label.replace("label", "name")] = [names[index] for index in part[label]]
        parts.append(part[COLUMNS])
    return stacked(parts, COLUMNS)


def show_example(axes: Axes, image: Shown) -> None:
    """Draw the pixels as they are, grey where there is one channel; of a text, the lines that there is room for."""
    if isinstance(image, str):
        lines = [line for part in image.split("\n") for line in wrap(part, LINE_LENGTH)]
        text = "\n".join(lettering.shortened(line, LINE_LENGTH) for line in lines[:LINES])
        axes.text(0.5, 0.5, text, ha="center", va="center", fontsize="xx-small", parse_math=False)
        axes.set_box_aspect(1)
        return
    pixels = image[..., 0] if image.shape[-1] == 1 else image
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")


def _below(axes: Axes, text: str, *, across: float, ha: str = "center", right: float = 0) -> None:
    """Write lines below an image, the first line at the same height for all."""
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top", "ha": ha}
    axes.annotate(text, (across, 0), (right, -3), fontsize="x-small", **place)


def plot(table: pd.DataFrame, images: Mapping[int, Shown]) -> mpl.Figure:
    """One row for each variant that has PIE."""
    things = "Examples" if any(isinstance(one, str) for one in images.values()) else "Images"
    if table.empty:
        text = "No variant of this study has a PIE:\nno modal label changes."
        return style.notice(f"{things} whose label compression changes (PIE)", text)
    drawing = style.canvas(f"{things} whose label compression changes (PIE), the most changed first")
    shown = list(dict.fromkeys(table["variant"]))
    width, height = drawing.get_size_inches()
    inches = width / (PER_VARIANT + 1.5) + 4.5 * rcParams["font.size"] / 72  # of a row: an image and its labels
    drawing.set_size_inches(width, min(height, 0.5 + inches * len(shown)))  # few rows need no empty paper
    grid = drawing.subplots(len(shown), PER_VARIANT, squeeze=False)
    for row, variant in zip(grid, shown, strict=True):
        part = table[table["variant"] == variant]
        for axes in row:
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        for axes, pie in zip(row, part.itertuples(index=False), strict=False):
            show_example(axes, images[pie.example_id])
            true, dense, compressed = (
                lettering.shortened(str(name), NAME_LENGTH) for name in (pie.name, pie.dense_name, pie.compressed_name)
            )
            _below(axes, f"{true}\n{dense}\n{compressed}", across=0.5)
        _below(row[0], "true label:\ndense:\ncompressed:", across=0, ha="right", right=-6)
        label = f"{variants.broken(variant, 12)}\n{part['pie'].iloc[0]:,} PIE"
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", labelpad=8)
    return drawing


def draw(
    *, examples: Path, images: Path, pie: dict[str, Path], svg: Path, pdf: Path, numbers: Path, figure: Figure
) -> None:
    """The step: read the PIE of each compressed variant and their images, write the figure and its numbers."""
    graded = {variant: read_parquet(path, pie_statistic.SCHEMA).to_pandas() for variant, path in pie.items()}
    table = tabulate(graded, class_names(examples))
    pixels = read_images(examples, images, table["example_id"])
    save(table, partial(plot, images=pixels), svg=svg, pdf=pdf, numbers=numbers, figure=figure)
