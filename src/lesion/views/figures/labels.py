"""Texts beside points, placed so that they cover no point, no line and no other text."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.path import Path
from matplotlib.text import Annotation

GAPS = (6, 12, 18, 26)  # typographic points between a point and its text, nearest first
SIDES = ((1, 0), (0, 1), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))  # right, above, below, left, corners
ACROSS: dict[int, Literal["left", "center", "right"]] = {1: "left", 0: "center", -1: "right"}
ALONG: dict[int, Literal["bottom", "center", "top"]] = {1: "bottom", 0: "center", -1: "top"}
STEPS = 100  # boxes that stand for a segment of a line

Boxes = npt.NDArray[np.float64]  # (n, 4): left, bottom, right, top, in pixels


def _squares(centres: npt.ArrayLike, half: float) -> Boxes:
    places = np.asarray(centres, dtype=float).reshape(-1, 2)
    return np.hstack([places - half, places + half])


def _drawn(axes: Axes) -> Iterator[Boxes]:
    """Boxes over the lines, marks, error bars and legend of the axes."""
    paths = []
    for line in axes.lines:
        path = line.get_transform().transform_path(line.get_path())
        if line.get_linestyle() == "None":  # marks alone
            yield _squares(path.vertices, 4)
        else:
            paths.append(path)
    for collection in axes.collections:
        if isinstance(collection, LineCollection):
            paths += [collection.get_transform().transform_path(Path(part)) for part in collection.get_segments()]
    for path in paths:
        yield _squares(path.interpolated(STEPS).vertices, 3)
    if (legend := axes.get_legend()) is not None:
        yield np.array([legend.get_window_extent().extents])


def _overlap(box: Boxes, others: Boxes) -> float:
    """Area that `box`, (4,), shares with the others, summed."""
    shared = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return float(shared.clip(0).prod(axis=1).sum())


def _move(label: Annotation, gap: float, right: int, up: int) -> Boxes:
    label.set_position((gap * right, gap * up))
    label.set_horizontalalignment(ACROSS[right])
    label.set_verticalalignment(ALONG[up])
    return np.array(label.get_window_extent().extents)


def place_labels(
    axes: Axes, points: Sequence[tuple[float, float]], texts: Sequence[str], colours: Sequence[str]
) -> list[Annotation]:
    """Write each text at the nearest free place around its point, or at the least covered one if none is free.

    Call it when all else is drawn. Places are tried in a fixed order, so the figure repeats.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # settles the layout, on which the places depend
    taken = np.vstack([*_drawn(axes), _squares(axes.transData.transform(points), 4)])
    frame = np.array([axes.get_window_extent().extents])
    written = []
    for point, text, colour in zip(points, texts, colours, strict=True):
        label = axes.annotate(text, point, (0, 0), textcoords="offset points", fontsize="small", color=colour)
        label.set_in_layout(False)
        costs = {}
        for gap, (right, up) in itertools.product(GAPS, SIDES):
            box = _move(label, gap, right, up)
            outside = (box[2:] - box[:2]).prod() - _overlap(box, frame)
            costs[gap, right, up] = round(_overlap(box, taken) + outside, 3)
        taken = np.vstack([taken, _move(label, *min(costs, key=costs.__getitem__))])
        written.append(label)
    return written
