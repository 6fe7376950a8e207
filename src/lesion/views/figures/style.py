"""How every figure looks: type, lines, and colours that colour-blind readers can tell apart."""

import logging
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import matplotlib
import matplotlib.figure
from matplotlib.axes import Axes

from lesion.params.figure import Figure
from lesion.views.figures import lettering

# Okabe and Ito's palette (2008), and greys
INK, GREY, PALE = "#222222", "#767676", "#c8c8c8"
BLUE, GREEN, PINK, VERMILLION = "#0072B2", "#009E73", "#CC79A7", "#D55E00"
SKY, ORANGE = "#56B4E9", "#E69F00"
METHODS = (BLUE, GREEN, PINK, SKY, ORANGE)  # a line each
MARKERS = ("o", "s", "^", "v", "P", "X")

NO_VARIANT = "This study has no compressed variant."


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Let matplotlib log errors alone: of a font without bold letters, say, it warns each time."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


@contextmanager
def applied(figure: Figure, texts: Iterable[str] = ()) -> Iterator[None]:
    """Matplotlib's own defaults, whatever the user's matplotlibrc says, and on them the style of this project.

    All text is drawn as it is written: a dollar sign begins no formula. The salt and the font types make SVG and PDF
    the same bytes each time.

    Parameters
    ----------
    figure : the size of the figure and of its text
    texts : text from data that is drawn, whose characters decide which fonts are used beside DejaVu Sans
    """
    small = 0.85 * figure.font_size
    with matplotlib.rc_context(), _without_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "figure.figsize": (figure.width, figure.height),
                "figure.constrained_layout.use": True,
                "font.family": lettering.families(texts),
                "text.parse_math": False,
                "font.size": figure.font_size,
                "figure.titlesize": 1.15 * figure.font_size,
                "axes.titlesize": figure.font_size,
                "axes.labelsize": figure.font_size,
                "xtick.labelsize": small,
                "ytick.labelsize": small,
                "legend.fontsize": small,
                "legend.frameon": False,
                "text.color": INK,
                "axes.labelcolor": INK,
                "axes.edgecolor": GREY,
                "xtick.color": GREY,
                "ytick.color": GREY,
                "xtick.labelcolor": INK,
                "ytick.labelcolor": INK,
                "axes.linewidth": 0.6,
                "xtick.major.width": 0.6,
                "ytick.major.width": 0.6,
                "grid.linewidth": 0.4,
                "grid.color": PALE,
                "axes.axisbelow": True,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "svg.hashsalt": "lesion",
                "svg.fonttype": "path",
            }
        )
        yield


class Drawing(matplotlib.figure.Figure):
    """A figure that a notebook shows though pyplot did not make it."""

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=144)
        return buffer.getvalue()


def canvas(title: str) -> matplotlib.figure.Figure:
    """An empty figure of the size that is applied, with its title."""
    drawing = Drawing()
    drawing.suptitle(title, fontweight="bold")
    return drawing


def notice(title: str, text: str) -> matplotlib.figure.Figure:
    """A figure that says why there is nothing to draw."""
    drawing = canvas(title)
    drawing.text(0.5, 0.5, text, ha="center", va="center")
    return drawing


def panels(drawing: matplotlib.figure.Figure, count: int, *, sharey: bool) -> tuple[list[Axes], Axes | None]:
    """A grid of `count` panels, wider than high, and its first empty cell, for the legend; None if all are filled."""
    columns = min(count, math.ceil(math.sqrt(2 * count)))
    rows = math.ceil(count / columns)
    grid = drawing.subplots(rows, columns, squeeze=False, sharey=sharey).ravel()
    spare = list(grid[count:])
    for axes in spare:
        axes.set_axis_off()
    return list(grid[:count]), spare[0] if spare else None


def line(index: int) -> dict[str, Any]:
    """Colour and marker of the line of the method at `index`."""
    return {"color": METHODS[index % len(METHODS)], "marker": MARKERS[index % len(MARKERS)]}
