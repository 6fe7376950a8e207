"""Accuracy of dense and compressed models on PIE, on the other images, and on random samples of as many images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lesion.artifacts.tables import read_parquet
from lesion.audit.comparison.populations import Population, check_comparable, read_population
from lesion.audit.statistics import pie as pie_statistic
from lesion.errors import InputError
from lesion.params.figure import Figure
from lesion.seeds import derive_seed
from lesion.views.figures import style, variants
from lesion.views.figures.saving import save

INPUTS = ("predictions", "pie")
SETTINGS = {"root_seed": "root_seed"}

DRAWS = 100  # random samples whose mean is shown
COLUMNS = ["variant", "population", "subset", "images", "top1", "top1_sd", "top5", "top5_sd"]
SUBSETS = {"pie": "PIE", "random sample": "random\nsample", "all but pie": "all but\nPIE"}

Flags = npt.NDArray[np.bool_]
Weights = npt.NDArray[np.int64]


def sample_weights(examples: int, size: int, rng: np.random.Generator) -> Weights:
    """How many of `DRAWS` samples of `size`, each without replacement, hold each example: int64 (examples,)."""
    drawn = np.zeros(examples, dtype=np.int64)
    for _ in range(DRAWS):
        drawn[rng.choice(examples, size, replace=False)] += 1
    return drawn


def subset_weights(pie: Flags, rng: np.random.Generator) -> dict[str, tuple[int, Weights]]:
    """Subset → how many images it has, and the weight of each example in its mean. Empty subsets are left out."""
    count = int(pie.sum())
    found = {"all": (len(pie), np.ones(len(pie), dtype=np.int64))}
    if count:
        found |= {"pie": (count, pie.astype(np.int64)), "random sample": (count, sample_weights(len(pie), count, rng))}
    if count < len(pie):
        found["all but pie"] = (len(pie) - count, (~pie).astype(np.int64))
    return found


def _accuracy(name: str, hits: Flags | None, weights: Weights) -> dict[str, float]:
    """Mean over members of the accuracy on a subset, and the standard deviation between them; NaN where unknown."""
    if hits is None:
        return {name: np.nan, f"{name}_sd": np.nan}
    each = hits @ weights / weights.sum()
    return {name: float(each.mean()), f"{name}_sd": float(each.std(ddof=1)) if len(each) > 1 else np.nan}


def tabulate(
    dense: Population, compressed: Mapping[str, Population], pie: Mapping[str, Flags], *, seed: int
) -> pd.DataFrame:
    """One row a variant, population (dense, compressed) and subset (all, pie, random sample, all but pie).

    Columns: images (in the subset), top1, top1_sd, top5, top5_sd: means over members and standard deviations between
    them, as fractions; empty where they are not known, as of single members. A subset without images has no row. Each
    variant draws its samples from `seed` anew, so its rows do not depend on the other variants.
    """
    rows = []
    for variant, population in compressed.items():
        check_comparable(dense, population)
        subsets = subset_weights(pie[variant], np.random.default_rng(seed))
        for name, (images, weights) in subsets.items():
            for side, members in (("dense", dense), ("compressed", population)):
                row: dict[str, object] = {"variant": variant, "population": side, "subset": name, "images": images}
                row |= _accuracy("top1", members.correct, weights) | _accuracy("top5", members.correct_top5, weights)
                rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _panel(axes: Axes, variant: str, part: pd.DataFrame) -> None:
    rows: dict[tuple[str, str], Any] = {(row["subset"], row["population"]): row for row in part.to_dict("records")}
    images, top1 = rows["all", "dense"]["images"], rows["all", "dense"]["top1"]
    count = rows["pie", "dense"]["images"] if ("pie", "dense") in rows else 0
    axes.set_title(f"{variants.label(variant)}\n{count:,} PIE of {images:,} images ({100 * count / images:.1f} %)")
    axes.axhline(100 * top1, color=style.INK, linewidth=0.7, linestyle=(0, (4, 2)))
    for place, subset in enumerate(SUBSETS):
        for shift, side, colour in ((-0.2, "dense", style.PALE), (0.2, "compressed", style.BLUE)):
            if (subset, side) not in rows:
                continue
            mean, spread = (100 * rows[subset, side][score] for score in ("top1", "top1_sd"))
            axes.bar(place + shift, mean, width=0.38, color=colour)
            if np.isfinite(spread):  # not of single members
                within = [[min(spread, mean)], [min(spread, 100 - mean)]]  # an accuracy ends at 0 and at 100 %
                axes.errorbar(place + shift, mean, yerr=within, color=style.INK, linewidth=0.8, capsize=1.5)
            axes.text(place + shift, 103, f"{mean:.1f}", ha="center", va="bottom", fontsize="x-small")
    if not count:
        axes.text(0.5, 50, "no PIE", ha="center", va="center", color=style.GREY)
    elif count == images:
        axes.text(2, 50, "every image\nis a PIE", ha="center", va="center", color=style.GREY)
    axes.set_xticks(range(len(SUBSETS)), list(SUBSETS.values()))
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.55, len(SUBSETS) - 0.45)
    axes.set_ylim(0, 112)
    axes.set_yticks(range(0, 101, 20))
    axes.grid(axis="y")


def plot(table: pd.DataFrame) -> mpl.Figure:
    """One panel for each variant, a pair of bars for each subset."""
    title = "Are the images that compression changes harder for every model?"
    shown = list(dict.fromkeys(table["variant"]))
    if not shown:
        return style.notice(title, style.NO_VARIANT)
    drawing = style.canvas(title)
    grid, spare = style.panels(drawing, len(shown), sharey=True)
    for axes, variant in zip(grid, shown, strict=True):
        _panel(axes, variant, table[table["variant"] == variant])
    drawing.supylabel("Top-1 accuracy (%)", fontsize="medium")
    keys = [
        Patch(color=style.PALE, label="dense models"),
        Patch(color=style.BLUE, label="compressed models"),
        Line2D([], [], color=style.INK, linewidth=0.7, linestyle=(0, (4, 2)), label="dense, all images"),
        Line2D([], [], color=style.INK, linewidth=0.8, marker="|", linestyle="none", label="± 1 sd between members"),
    ]
    if spare is None:
        drawing.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    else:
        spare.legend(handles=keys, loc="center")
    return drawing


def read_flags(path: Path, dense: Population) -> Flags:
    """The PIE flag of each example of the dense population: bool (examples,); InputError where the ids differ."""
    graded = read_parquet(path, pie_statistic.SCHEMA, ["example_id", "pie"])
    if not np.array_equal(graded.column("example_id").to_numpy(), dense.example_id):
        raise InputError(f"{path}: has other example ids than the dense predictions")
    return np.asarray(graded.column("pie").to_numpy(), dtype=bool)


def draw(
    *,
    study: str,
    predictions: dict[str, list[Path]],
    pie: dict[str, Path],
    root_seed: int,
    svg: Path,
    pdf: Path,
    numbers: Path,
    figure: Figure,
) -> None:
    """The step: read the predictions of all variants and the PIE, write the figure and its numbers."""
    dense = read_population(predictions[variants.DENSE])
    compressed = {variant: read_population(predictions[variant]) for variant in pie}
    flags = {variant: read_flags(path, dense) for variant, path in pie.items()}
    table = tabulate(dense, compressed, flags, seed=derive_seed(root_seed, study, "pie-accuracy"))
    save(table, plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
