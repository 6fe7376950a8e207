"""Change of the error rates of subgroups by each variant, as in Hooker et al., arXiv 2010.03058, figure 5."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from lesion.artifacts.csv_tables import read_csv
from lesion.audit.statistics.subgroups import ALL
from lesion.params.figure import Figure
from lesion.views.figures import lettering, style, variants
from lesion.views.figures.saving import save, stacked

INPUTS = ("subgroups",)

RATES = {"error": "Error", "false-positive": "False positives", "false-negative": "False negatives"}
LONGEST = 34  # letters of the name of a group
OVERALL: dict[str, Any] = {"color": style.INK, "linewidth": 0.8, "linestyle": (0, (4, 2))}
MARK: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 4.5}
MARKS: dict[tuple[bool, bool], dict[str, Any]] = {  # significant, the same by FDR -> how it looks
    (False, False): {"color": style.GREY, "markerfacecolor": "white"},
    (True, False): {"color": style.PINK, "markerfacecolor": "white", "markeredgewidth": 1.4},
    (True, True): {"color": style.PINK, "markerfacecolor": style.PINK},
}


def tabulate(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The tables of all variants one below the other, with the variant as their first column."""
    columns = ["variant", *dict.fromkeys(name for table in tables.values() for name in table)]
    return stacked([table.assign(variant=name)[columns] for name, table in tables.items()], columns)


@dataclass(frozen=True)
class Lines:
    """The lines of a panel, counted from the top: `headings`, attribute → line; `groups`, (attribute, group) → line."""

    headings: dict[str, int]
    groups: dict[tuple[str, str], int]
    texts: list[str]


def _lines(part: pd.DataFrame) -> Lines:
    headings: dict[str, int] = {}
    groups: dict[tuple[str, str], int] = {}
    texts: list[str] = []
    for row in part.drop_duplicates(["attribute", "group"]).to_dict("records"):
        if row["attribute"] not in headings:
            headings[row["attribute"]] = len(texts)
            texts.append(lettering.shortened(row["attribute"], LONGEST))
        groups[row["attribute"], row["group"]] = len(texts)
        small = ", small" if row["small"] else ""
        texts.append(f"{lettering.shortened(row['group'], LONGEST)}  ({row['examples']:,}{small})")
    return Lines(headings, groups, texts)


def _limits(axes: Axes, part: pd.DataFrame, overall: float) -> None:
    """Set limits that hold all points, and all intervals but the wide ones of small groups."""
    intervals = part[~part["small"]] if not part["small"].all() else part
    shown = [part["change"], intervals["change_low"], intervals["change_high"], pd.Series([0.0, overall])]
    values = 100 * pd.concat(shown).dropna()
    low, high = values.min(), values.max()
    margin = 0.08 * (high - low) or 1.0
    axes.set_xlim(low - margin, high + margin)


def _panel(axes: Axes, part: pd.DataFrame, overall: float, lines: Lines) -> None:
    axes.axvline(0, color=style.GREY, linewidth=0.6)
    axes.axvline(100 * overall, **OVERALL)
    place = np.array([lines.groups[key] for key in zip(part["attribute"], part["group"], strict=True)])
    change, low, high = (100 * part[name].to_numpy() for name in ("change", "change_low", "change_high"))
    for flags, look in MARKS.items():
        chosen = (part[["significant", "significant_fdr"]].eq(True).to_numpy(dtype=bool) == flags).all(axis=1)
        axes.hlines(place[chosen], low[chosen], high[chosen], color=look["color"], linewidth=1)
        axes.plot(change[chosen], place[chosen], **MARK | look)
    for heading in list(lines.headings.values())[1:]:
        axes.axhline(heading - 0.5, color=style.PALE, linewidth=0.4)
    _limits(axes, part, overall)
    axes.set_ylim(len(lines.texts) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 2.5, 5, 10]))
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)


def _name(axes: Axes, lines: Lines) -> None:
    axes.set_yticks(range(len(lines.texts)), lines.texts)
    for place in lines.headings.values():
        axes.get_yticklabels()[place].set_fontweight("bold")


def _title(variant: str, part: pd.DataFrame) -> str:
    tested = int(part["p"].notna().sum())
    if not tested:
        return f"{variants.label(variant)}\nno test\n"
    differ, by_fdr = (part[name].eq(True).sum() for name in ("significant", "significant_fdr"))
    return f"{variants.label(variant)}\n{differ} of {tested} differ,\n{by_fdr} by FDR"


def _keys() -> list[Line2D]:
    texts = ("not significant", "significant (uncorrected)", "significant (false discovery rate too)")
    return [
        *(Line2D([], [], label=text, **MARK | look) for text, look in zip(texts, MARKS.values(), strict=True)),
        Line2D([], [], label="change over all examples", **OVERALL),
    ]


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One column for each variant, one row for each rate; scales differ, so that small changes can be seen."""
    title = "Whose errors does compression change more than the average?"
    if table.empty:
        return style.notice(title, style.NO_VARIANT)
    grouped = table[table["attribute"] != ALL]
    if grouped.empty:
        return style.notice(title, "This study names no attribute of its examples.")
    drawing = style.canvas(title)
    rates, shown = list(dict.fromkeys(grouped["measure"])), list(dict.fromkeys(grouped["variant"]))
    lines = {rate: _lines(grouped[grouped["measure"] == rate]) for rate in rates}
    heights = [len(lines[rate].texts) for rate in rates]
    grid = drawing.subplots(len(rates), len(shown), squeeze=False, sharey="row", height_ratios=heights)
    overall = table[table["attribute"] == ALL].set_index(["variant", "measure"])["change"]
    for row, rate in zip(grid, rates, strict=True):
        for axes, variant in zip(row, shown, strict=True):
            part = grouped[(grouped["variant"] == variant) & (grouped["measure"] == rate)]
            _panel(axes, part, overall[variant, rate], lines[rate])
        _name(row[0], lines[rate])
        row[0].set_ylabel(RATES.get(rate, rate))
    for axes, variant in zip(grid[0], shown, strict=True):
        axes.set_title(_title(variant, grouped[grouped["variant"] == variant]))
    drawing.align_ylabels(grid[:, 0])
    label = "Change from dense (percentage points; the scales differ)"  # as a supxlabel it would lie below the legend
    drawing.legend(handles=_keys(), loc="outside lower center", ncols=4, title=label, title_fontsize="medium")
    return drawing


def draw(*, subgroups: dict[str, Path], svg: Path, pdf: Path, numbers: Path, figure: Figure) -> None:
    """The step: read the subgroups of each compressed variant, write the figure and its numbers."""
    table = tabulate({variant: read_csv(path) for variant, path in subgroups.items()})
    save(table, plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
