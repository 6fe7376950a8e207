"""How many classes and how many images compression changes, against how much is compressed, and against seed noise."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import read_csv
from lesion.params.figure import Figure
from lesion.params.variant import method
from lesion.views.figures import style
from lesion.views.figures.labels import place_labels
from lesion.views.figures.saving import save

COUNTS = {
    "significant_classes": "Significant classes\n(p < alpha, uncorrected)",
    "significant_classes_fdr": "Significant classes\n(false discovery rate)",
    "pie": "PIE (images)",
}
MATCHED: dict[str, Any] = {"color": style.INK, "marker": "o", "markerfacecolor": "white", "linestyle": "none",
                           "markersize": 4, "markeredgewidth": 0.8, "clip_on": False}  # fmt: skip
WIDTHS = {"trained": 5.0, "derived": 0.4}  # of the bars of noise, in units of the axis


def numbers(summary: pd.DataFrame, *, trained: list[str], derived: list[str]) -> pd.DataFrame:
    """One row a compressed variant: kind (trained or derived), method, sparsity and the counts of `summary.csv`.

    Columns null_<count>, null_<count>_low and null_<count>_high are the mean and the 95 % range of what seed noise
    alone gives with null_members on either side; matched_<count> is what there is with as many, on average.
    """
    table = summary.set_index("variant").loc[[*trained, *derived]].reset_index()
    table.insert(1, "kind", ["trained"] * len(trained) + ["derived"] * len(derived))
    table.insert(2, "method", table["variant"].map(method))
    parts = [(f"null_{count}", f"null_{count}_low", f"null_{count}_high", f"matched_{count}") for count in COUNTS]
    noise = [name for names in parts for name in names]
    counts = [*COUNTS, "classes_lost", "classes_gained", "null_members"]
    table = table.astype(dict.fromkeys(counts, int))  # empty for dense, so read as floats
    return table[["variant", "kind", "method", "sparsity", *counts, "pie_share", *noise]]


def _note(count: str, row: Mapping[Hashable, Any]) -> str:
    return f"{row[count]:,} ({100 * row['pie_share']:.1f} %)" if count == "pie" else f"{row[count]:,}"


def _notes(axes: Axes, count: str, rows: pd.DataFrame, x: pd.Series) -> None:
    """Write each count beside its point, in the colour of its line where several methods have one."""
    methods = list(dict.fromkeys(rows["method"]))
    several = rows["kind"].eq("trained").all() and len(methods) > 1
    colours = [style.line(methods.index(name))["color"] if several else style.INK for name in rows["method"]]
    points = list(zip(x, rows[count], strict=True))
    place_labels(axes, points, [_note(count, row) for row in rows.to_dict("records")], colours)


def _noise(axes: Axes, count: str, rows: pd.DataFrame, x: pd.Series, width: float) -> None:
    """At each point what seed noise alone gives, and as a hollow mark what there is with as few members."""
    low, high = rows[f"null_{count}_low"], rows[f"null_{count}_high"]
    axes.bar(x, high - low, bottom=low, width=width, color=style.PALE, alpha=0.6, linewidth=0, zorder=1)
    axes.hlines(rows[f"null_{count}"], x - width / 2, x + width / 2, color=style.GREY, linewidth=0.9, zorder=1.5)
    axes.plot(x, rows[f"matched_{count}"], zorder=2, **MATCHED)


def _places(rows: pd.DataFrame) -> pd.Series:
    return 100 * rows["sparsity"] if (rows["kind"] == "trained").all() else pd.Series(range(len(rows)), rows.index)


def _pruned(axes: Axes, count: str, pruned: pd.DataFrame) -> None:
    for index, (_, rows) in enumerate(pruned.groupby("method", sort=False)):
        ordered = rows.sort_values("sparsity")
        axes.plot(100 * ordered["sparsity"], ordered[count], markersize=5.5, clip_on=False, **style.line(index))
    axes.set_xlim(0, 100)
    axes.set_xticks([0, *sorted(set((100 * pruned["sparsity"]).round(1))), 100])
    axes.xaxis.set_major_formatter("{x:g}")


def _quantised(axes: Axes, count: str, quantised: pd.DataFrame) -> None:
    place = range(len(quantised))
    axes.plot(
        place, quantised[count], color=style.VERMILLION, marker="D", linestyle="none", markersize=5.5, clip_on=False
    )
    axes.set_xlim(-0.6, len(quantised) - 0.4)
    axes.set_xticks(place, [name.replace("-", "-\n", 1) for name in quantised["variant"]])


def plot(table: pd.DataFrame) -> mpl.Figure:
    """Classes above, PIE below; pruning over sparsity on the left, derived variants on the right, on one scale."""
    drawing = style.canvas("How much of the data set does compression change?")
    parts = {kind: table[table["kind"] == kind] for kind in ("trained", "derived")}
    shown = [kind for kind in parts if len(parts[kind])]
    widths = [1.7 if kind == "trained" else 1.0 for kind in shown]
    grid = drawing.subplots(len(COUNTS), len(shown), squeeze=False, sharey="row", sharex="col", width_ratios=widths)
    for row, (count, label) in zip(grid, COUNTS.items(), strict=True):
        top = max(1.0, float(table[count].max()), float(table[f"null_{count}_high"].max()))
        for axes, kind in zip(row, shown, strict=True):
            _noise(axes, count, parts[kind], _places(parts[kind]), WIDTHS[kind])
            (_pruned if kind == "trained" else _quantised)(axes, count, parts[kind])
            axes.set_ylim(0, 1.3 * top)
            axes.yaxis.get_major_locator().set_params(integer=True)
            axes.grid(axis="y")
            axes.tick_params(axis="y", length=0)
        row[0].set_ylabel(label)
    captions = {"trained": "Pruning: sparsity (% of weights removed)", "derived": "Quantisation"}
    for axes, kind in zip(grid[-1], shown, strict=True):
        axes.set_xlabel(captions[kind])
    methods = list(dict.fromkeys(parts["trained"]["method"]))
    keys: list[Any] = [
        Line2D([], [], label=f"pruned ({name})", **style.line(index)) for index, name in enumerate(methods)
    ]
    if "derived" in shown:
        keys.append(Line2D([], [], color=style.VERMILLION, marker="D", linestyle="none", label="quantised"))
    keys += [
        Line2D([], [], label="the same with as few members as the noise has", **MATCHED),
        Line2D([], [], color=style.GREY, linewidth=0.9, label="seed noise alone: mean"),
        Patch(color=style.PALE, alpha=0.6, label="seed noise alone: 95 % range"),
    ]
    drawing.legend(handles=keys, loc="outside lower center", ncols=3)
    for row, count in zip(grid, COUNTS, strict=True):
        for axes, kind in zip(row, shown, strict=True):
            rows = parts[kind]
            _notes(axes, count, rows, _places(rows))
    return drawing


def draw(*, study: str, shards: list[str], trained: list[str], derived: list[str], figure: Figure) -> None:  # noqa: ARG001
    """The step: read `summary.csv`, write `figures/counts`."""
    table = numbers(read_csv(paths.summary(study)), trained=trained, derived=derived)
    save(study, "counts", table, plot, figure)
