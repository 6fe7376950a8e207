"""Multiply-adds of each image by networks that choose what they compute, and whether PIE get more than other images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lesion.artifacts.csv_tables import read_csv
from lesion.artifacts.tables import read_parquet
from lesion.audit.inference.more_or_less import difference
from lesion.audit.statistics import pie as pie_statistic
from lesion.params.figure import Figure
from lesion.seeds import derive_seed
from lesion.views.figures import style, variants
from lesion.views.figures.saving import save, stacked

INPUTS = ("computation", "pie")
ONLY_MADE = "computation"
SETTINGS = {"root_seed": "root_seed"}

TITLE = "Do the images that compression changes get more computation?"
ALPHA = 0.05
COLUMNS = ["variant", "example_id", "label", "pie", "share", "multiply_adds", "effect", "low", "high", "p"]
LOOKS: dict[bool, dict[str, Any]] = {
    False: {"color": style.GREY, "linewidth": 2.2},
    True: {"color": style.VERMILLION, "linewidth": 1.4},
}


def tabulate(
    computation: Mapping[str, pd.DataFrame], pie: Mapping[str, pd.DataFrame], *, seed: int, study: str
) -> pd.DataFrame:
    """One row an image of each variant, in order of example_id.

    Columns: variant, example_id, label (empty where not known), pie, share and multiply_adds (means over members, the
    share of the plain network's); and, the same in all rows of a variant: effect, low, high, p of the difference
    between PIE and other images of the same class (`inference.more_or_less`). Members are taken as they are: the test
    and the interval speak of other images.
    """
    parts = []
    for variant, counted in computation.items():
        found = counted.merge(pie[variant], on="example_id", validate="one_to_one")
        stratum = pd.factorize(found["label"])[0]  # −1 for all where labels are not known
        rng = np.random.default_rng(derive_seed(seed, study, variant, "computation"))
        tested = difference(found["multiply_adds"].to_numpy(), found["pie"].to_numpy(bool), stratum, rng)
        parts.append(found.assign(variant=variant, **tested._asdict())[COLUMNS])
    return stacked(parts, COLUMNS)


def _finding(part: pd.DataFrame) -> str:
    """What the test tells, and no more."""
    row, count = part.iloc[0], int(part["pie"].sum())
    if part["multiply_adds"].nunique() == 1:
        return "every image gets the same"
    if not count:
        return "there are no PIE"
    if pd.isna(row["p"]):
        return "no class has PIE and other images"
    told = "no difference told from chance"
    if row["p"] < ALPHA:
        told = f"PIE get {'more' if row['effect'] > 0 else 'less'} than other images of their class"
    interval = "" if pd.isna(row["low"]) else f" (95 %: {row['low']:.2f} to {row['high']:.2f})"
    return f"{told}\nrank-biserial {row['effect']:.2f}{interval}, p = {row['p']:.2g}"


def _panel(axes: Axes, variant: str, part: pd.DataFrame) -> None:
    for flag, look in LOOKS.items():
        share = np.sort(100 * part.loc[part["pie"] == flag, "share"].to_numpy())
        if len(share):
            axes.ecdf(share, **look)
    axes.set_title(f"{variants.label(variant)}, {int(part['pie'].sum())} PIE: {_finding(part)}")
    axes.margins(x=0.05)
    axes.xaxis.set_major_formatter("{x:g} %")
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.grid()


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One panel for each variant: the share of PIE, and of other images, that get so much or less."""
    drawing = style.canvas(TITLE)
    shown = list(dict.fromkeys(table["variant"]))
    grid, _ = style.panels(drawing, len(shown), sharey=True)
    for axes, variant in zip(grid, shown, strict=True):
        _panel(axes, variant, table[table["variant"] == variant])
    drawing.supylabel("Images that get so much or less", fontsize="medium")
    keys = [
        Line2D([], [], label="PIE", **LOOKS[True]),
        Line2D([], [], label="other images", **LOOKS[False]),
    ]
    label = "Multiply-adds of an image over those of dense, mean over members"
    drawing.legend(handles=keys, loc="outside lower center", ncols=2, title=label, title_fontsize="medium")
    return drawing


def draw(
    *,
    study: str,
    computation: dict[str, Path],
    pie: dict[str, Path],
    svg: Path,
    pdf: Path,
    numbers: Path,
    figure: Figure,
    root_seed: int,
) -> None:
    """The step: read the tables of the variants that choose, write the figure and its numbers."""
    wanted = ["example_id", "label", "pie"]
    flags = {variant: read_parquet(pie[variant], pie_statistic.SCHEMA, wanted).to_pandas() for variant in computation}
    counted = {variant: read_csv(path) for variant, path in computation.items()}
    save(tabulate(counted, flags, seed=root_seed, study=study), plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
