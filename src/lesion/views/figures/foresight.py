"""How well dense members alone foresaw which answers change, by how many of them are asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lesion.artifacts.csv_tables import read_csv
from lesion.audit.inference.foresight_targets import ALL, BROKEN, CHANGED, RIGHT
from lesion.audit.statistics.foresight import CONFIDENCE
from lesion.audit.wording import number
from lesion.params.figure import Figure
from lesion.views.figures import style, variants
from lesion.views.figures.saving import save, stacked

INPUTS = ("foresight",)

TITLE = "How well did the dense models alone foresee what compression changes?"
TARGETS: dict[tuple[str, str], dict[str, Any]] = {
    (CHANGED, ALL): {"color": style.BLUE, "marker": "o", "label": "answers that change"},
    (BROKEN, RIGHT): {"color": style.VERMILLION, "marker": "s", "label": "right answers that break"},
}
BESIDE = 0.09  # how far the marks of two targets are apart, in places
CEILING: dict[str, Any] = {"linewidth": 1.1, "linestyle": (0, (4, 2))}
MATCHED: dict[str, Any] = {"markerfacecolor": "white", "markersize": 4, "linestyle": "none"}


def tabulate(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The tables of all variants one below the other, with the variant as their first column."""
    columns = ["variant", *dict.fromkeys(name for table in tables.values() for name in table)]
    return stacked([table.assign(variant=name)[columns] for name, table in tables.items()], columns)


def _of_target(rows: pd.DataFrame, target: tuple[str, str]) -> pd.DataFrame:
    """The rows of the score that is asked of few members too, in order of their number."""
    of = rows[(rows["target"] == target[0]) & (rows["among"] == target[1]) & (rows["score"] != CONFIDENCE)]
    return of[of["score"] == of["score"].iloc[0]].sort_values("members") if len(of) else of


def _panel(axes: Axes, rows: pd.DataFrame, places: list[int]) -> None:
    """Draw the areas of one variant, a place a number of members."""
    for beside, (target, look) in zip((-BESIDE, BESIDE), TARGETS.items(), strict=True):
        of = _of_target(rows, target)
        known = of[of["auroc"].notna()]
        if known.empty:
            continue
        x = [places.index(count) + beside for count in known["members"]]
        axes.vlines(x, known["auroc_low"], known["auroc_high"], color=look["color"], linewidth=1)
        axes.plot(x, known["auroc"], color=look["color"], marker=look["marker"], markersize=5, linewidth=1)
        matched = known["matched"].notna().to_numpy()
        if matched.any():
            at = [place for place, kept in zip(x, matched, strict=True) if kept]
            axes.plot(at, known["matched"][matched], color=look["color"], marker=look["marker"], **MATCHED)
        ceiling = known["ceiling"].iloc[0]
        if pd.notna(ceiling):
            axes.axhline(ceiling, color=look["color"], **CEILING)
    if rows["auroc"].isna().all():
        axes.text(0.5, 0.5, "nothing changes", transform=axes.transAxes, ha="center", va="center", color=style.GREY)
    axes.set_xticks(range(len(places)), [number(count) for count in places])
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.grid(axis="y")


def _title(variant: str, rows: pd.DataFrame) -> str:
    counts = [_of_target(rows, target) for target in TARGETS]
    words = ("change", "break")
    said = [f"{number(of['events'].iloc[0])} {word}" for of, word in zip(counts, words, strict=True) if len(of)]
    return f"{variants.label(variant)}: {', '.join(said)}"


def _keys(table: pd.DataFrame) -> list[Line2D]:
    keys = [
        Line2D([], [], markersize=5, linewidth=1, **look)
        for target, look in TARGETS.items()
        if ((table["target"] == target[0]) & (table["among"] == target[1])).any()
    ]
    if table["ceiling"].notna().any():
        keys.append(
            Line2D([], [], color=style.INK, label="what half of all members foresee of the other half", **CEILING)
        )
        keys.append(Line2D([], [], color=style.INK, marker="o", label="dense members of that half alone", **MATCHED))
    return keys


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One panel for each variant; across how many dense members are asked, up the area under the curve."""
    shown = list(dict.fromkeys(table["variant"]))
    if not shown:
        return style.notice(TITLE, "No variant of this study has confidences, or several members.")
    drawing = style.canvas(TITLE)
    grid, _ = style.panels(drawing, len(shown), sharey=True)
    places = sorted({int(count) for count in table["members"]})
    for axes, variant in zip(grid, shown, strict=True):
        rows = table[table["variant"] == variant]
        _panel(axes, rows, places)
        axes.set_title(_title(variant, rows))
    low = min(0.5, table["auroc_low"].min()) if table["auroc_low"].notna().any() else 0.5
    grid[0].set_ylim(max(0.0, low - 0.02), 1.01)
    drawing.supylabel("AUROC, with its 95 % interval", fontsize="medium")
    label = "Dense members asked"  # as a supxlabel it would lie below the legend
    drawing.legend(handles=_keys(table), loc="outside lower center", ncols=2, title=label, title_fontsize="medium")
    return drawing


def draw(*, foresight: dict[str, Path], svg: Path, pdf: Path, numbers: Path, figure: Figure) -> None:
    """The step: read the table of each compressed variant, write the figure and its numbers."""
    table = tabulate({variant: read_csv(path) for variant, path in foresight.items()})
    save(table, plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
