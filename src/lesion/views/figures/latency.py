"""Theoretical against practical speed-up: time that compression saves here, over the multiply-adds that it saves."""

from pathlib import Path

import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from lesion.artifacts.csv_tables import read_csv
from lesion.params.figure import Figure
from lesion.views.figures import style, variants
from lesion.views.figures.labels import place_labels
from lesion.views.figures.saving import save

INPUTS = ("latency",)
ONLY_WITH = "studies.{study}.latency"

TITLE = "How much of the arithmetic that compression saves is time that it saves here?"
LOOKS = {
    "torch": (style.INK, "o"),
    "torch-coo": (style.PINK, "v"),
    "torch-csr": (style.BLUE, "^"),
    "torch-bsr": (style.SKY, "s"),
    "onnxruntime": (style.VERMILLION, "D"),
    "openvino": (style.GREEN, "P"),
}
"""Colour and marker of each backend, in the order of the legend."""
BESIDE = 1.022
"""How far the marks of two backends of one variant are apart, as a ratio."""
SUBS = (1, 2, 5)


def tabulate(latency: pd.DataFrame) -> pd.DataFrame:
    """The rows of compressed variants whose speed-up and multiply-adds are known, as the table has them."""
    known = latency["speedup"].notna() & latency["multiply_adds_ratio"].notna()
    return latency[known & (latency["variant"] != variants.DENSE)].reset_index(drop=True)


def _panel(axes: Axes, rows: pd.DataFrame, limits: tuple[float, float, float, float]) -> None:
    left, right, low, high = limits
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(low, high))
    ends = [min(left, low), max(right, high)]
    axes.plot(ends, ends, color=style.GREY, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.axhline(1, color=style.GREY, linewidth=0.7)
    for backend, (colour, marker) in LOOKS.items():
        of = rows[rows["backend"] == backend]
        across = _across(of)
        axes.vlines(across, of["speedup_low"], of["speedup_high"], color=colour, linewidth=0.9)
        axes.plot(across, of["speedup"], marker=marker, color=colour, linestyle="none", markersize=5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=SUBS))
        axis.set_major_formatter("{x:g} ×")
        axis.set_minor_locator(NullLocator())
    axes.grid(which="major")
    first = rows.loc[rows.groupby("variant", sort=False)["speedup"].idxmax()]  # the name stands by the fastest
    points = list(zip(_across(first), first["speedup"], strict=True))
    place_labels(axes, points, [variants.label(name) for name in first["variant"]], [style.INK] * len(first))


def _across(rows: pd.DataFrame) -> pd.Series:
    """Where marks stand: at the ratio of multiply-adds, those of different backends a little apart."""
    places = rows["backend"].map({backend: place for place, backend in enumerate(LOOKS)}).astype(float)
    return rows["multiply_adds_ratio"] * BESIDE ** (places - (len(LOOKS) - 1) / 2)


def _limits(table: pd.DataFrame) -> tuple[float, float, float, float]:
    """Ends of both axes, with 1 on both, and room for names on the right."""
    across, up = table["multiply_adds_ratio"], table[["speedup", "speedup_low", "speedup_high"]]
    low, high = min(up.min().min(), 1.0), max(up.max().max(), 1.0)
    return min(across.min(), 1.0) / 1.25, max(across.max(), 1.0) * 1.8, low / 1.25, high * 1.4


def _keys(table: pd.DataFrame) -> list[Line2D]:
    runtimes = dict(zip(table["backend"], table["runtime"], strict=True))
    names = {
        backend: f"{runtimes[backend]}, {backend.partition('-')[2].upper() or 'dense'}"
        if backend.startswith("torch")
        else runtimes[backend]
        for backend in LOOKS
        if backend in runtimes
    }
    keys = [
        Line2D([], [], color=LOOKS[backend][0], marker=LOOKS[backend][1], linestyle="none", markersize=5, label=name)
        for backend, name in names.items()
    ]
    return [*keys, Line2D([], [], color=style.GREY, linewidth=0.9, linestyle=(0, (4, 2)), label="as many times faster")]


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One panel for each size of batch, one mark for each variant and backend."""
    if table.empty:
        return style.notice(TITLE, "No compressed variant of this study was timed beside a dense network.")
    drawing = style.canvas(TITLE)
    batches = list(dict.fromkeys(table["batch"]))
    grid, _ = style.panels(drawing, len(batches), sharey=True)
    label = "Multiply-adds of dense over those of the variant, zero weights left out"  # a supxlabel would be covered
    keys = _keys(table)
    drawing.legend(handles=keys, loc="outside lower center", ncols=4, title=label, title_fontsize="medium")
    limits = _limits(table)
    drawing.supylabel("Time of dense over that of the variant", fontsize="medium")
    for axes, batch in zip(grid, batches, strict=True):
        axes.set_title("one image at a time" if batch == 1 else f"{batch} images at a time")
    for axes, batch in zip(grid, batches, strict=True):
        _panel(axes, table[table["batch"] == batch], limits)
    known = table.iloc[0]
    threads = "1 thread" if known["threads"] == 1 else f"{known['threads']} threads"
    grid[0].annotate(
        f"{known['processor']}, {threads}; median and quartiles of {known['repeats']} rounds, by the clock"
        + (" on the wall" if known["clock"] == "wall" else " of the process"),
        (0.01, 0.01), xycoords="axes fraction", va="bottom", fontsize="x-small", color=style.GREY,
    )  # fmt: skip
    return drawing


def draw(*, latency: Path, svg: Path, pdf: Path, numbers: Path, figure: Figure) -> None:
    """The step: read the table of the study, write the figure and its numbers."""
    save(tabulate(read_csv(latency)), plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
