"""A sheet of PIE: the images whose label compression changed, those that changed most first."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
from matplotlib import figure as mpl
from matplotlib import rcParams
from matplotlib.axes import Axes

from lesion.artifacts import paths
from lesion.artifacts.tables import PIE, read_parquet
from lesion.audit.comparison.classes import class_names
from lesion.data.decode import Pixels
from lesion.params.figure import Figure
from lesion.views.example_images import read_images
from lesion.views.figures import lettering, style
from lesion.views.figures.saving import save
from lesion.views.order import strongest_first

PER_VARIANT = 8
NAME_LENGTH = 13  # characters of a class name that fit beside an image


def numbers(graded: Mapping[str, pd.DataFrame], names: list[str]) -> pd.DataFrame:
    """The images of the sheet, row by row: for each variant its strongest PIE.

    Columns: variant, pie (how many the variant has), example_id, label, dense_label, compressed_label, the names of
    the three, dense_share, compressed_share (of members that give the modal label), pie_score, q.
    """
    labels = ["label", "dense_label", "compressed_label"]
    columns = ["example_id", *labels, *(label.replace("label", "name") for label in labels)]
    parts = []
    for variant, table in graded.items():
        pie = strongest_first(table[table["pie"]])
        part = pie.head(PER_VARIANT).assign(variant=variant, pie=len(pie))
        for label in labels:
            part[label.replace("label", "name")] = [names[index] for index in part[label]]
        parts.append(part[["variant", "pie", *columns, "dense_share", "compressed_share", "pie_score", "q"]])
    return pd.concat(parts, ignore_index=True)


def show_image(axes: Axes, image: Pixels) -> None:
    """Draw the pixels as they are, grey where there is one channel."""
    pixels = image[..., 0] if image.shape[-1] == 1 else image
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")


def _below(axes: Axes, text: str, *, across: float, ha: str = "center", right: float = 0) -> None:
    """Write lines below an image, the first line at the same height for all."""
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top", "ha": ha}
    axes.annotate(text, (across, 0), (right, -3), fontsize="x-small", **place)


def plot(table: pd.DataFrame, images: Mapping[int, Pixels]) -> mpl.Figure:
    """One row a variant that has PIE; each image with its true label and both modal labels."""
    if table.empty:
        drawing = style.canvas("Images whose label compression changes (PIE)")
        drawing.text(0.5, 0.5, "No variant of this study has a PIE:\nno modal label changes.", ha="center", va="center")
        return drawing
    drawing = style.canvas("Images whose label compression changes (PIE), the most changed first")
    variants = list(dict.fromkeys(table["variant"]))
    width, height = drawing.get_size_inches()
    inches = width / (PER_VARIANT + 1.5) + 4.5 * rcParams["font.size"] / 72  # of a row: an image and its labels
    drawing.set_size_inches(width, min(height, 0.5 + inches * len(variants)))  # few rows need no empty paper
    grid = drawing.subplots(len(variants), PER_VARIANT, squeeze=False)
    for row, variant in zip(grid, variants, strict=True):
        part = table[table["variant"] == variant]
        for axes in row:
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        for axes, pie in zip(row, part.itertuples(index=False), strict=False):
            show_image(axes, images[pie.example_id])
            true, dense, compressed = (
                lettering.shortened(str(name), NAME_LENGTH) for name in (pie.name, pie.dense_name, pie.compressed_name)
            )
            _below(axes, f"{true}\n{dense}\n{compressed}", across=0.5)
        _below(row[0], "true label:\ndense:\ncompressed:", across=0, ha="right", right=-6)
        row[0].set_ylabel(f"{variant}\n{part['pie'].iloc[0]:,} PIE", rotation=0, ha="right", va="center", labelpad=8)
    return drawing


def draw(*, study: str, shards: list[str], trained: list[str], derived: list[str], figure: Figure) -> None:  # noqa: ARG001
    """The step: read the examples, their images and `pie/<variant>.parquet`, write `figures/pie-sheet`."""
    graded = {variant: read_parquet(paths.pie(study, variant), PIE).to_pandas() for variant in (*trained, *derived)}
    table = numbers(graded, class_names(study))
    save(study, "pie-sheet", table, partial(plot, images=read_images(study, table["example_id"])), figure)
