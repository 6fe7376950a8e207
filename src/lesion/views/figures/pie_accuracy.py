"""Accuracy on PIE, without them, and on a random sample of as many images: PIE are harder for dense models too."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lesion.artifacts import paths
from lesion.artifacts.tables import PIE, read_parquet
from lesion.audit.comparison.populations import Population, check_comparable, read_population
from lesion.errors import InputError
from lesion.params.figure import Figure
from lesion.seeds import derive_seed
from lesion.views.figures import style
from lesion.views.figures.saving import save

DRAWS = 100  # random samples whose mean is shown
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
    """For each subset that is not empty how many images it has, and the weights of all examples in its mean."""
    count = int(pie.sum())
    found = {"all": (len(pie), np.ones(len(pie), dtype=np.int64))}
    if count:
        found |= {"pie": (count, pie.astype(np.int64)), "random sample": (count, sample_weights(len(pie), count, rng))}
    if count < len(pie):
        found["all but pie"] = (len(pie) - count, (~pie).astype(np.int64))
    return found


def numbers(
    dense: Population, compressed: Mapping[str, Population], pie: Mapping[str, Flags], *, seed: int
) -> pd.DataFrame:
    """One row a variant, population (dense, compressed) and subset (all, pie, random sample, all but pie).

    Columns: images (in the subset), top1, top1_sd, top5, top5_sd: means over members and standard deviations between
    them, as fractions. A subset without images has no row. Each variant draws its samples from `seed` anew, so its
    rows do not depend on the other variants.
    """
    rows = []
    for variant, population in compressed.items():
        check_comparable(dense, population)
        subsets = subset_weights(pie[variant], np.random.default_rng(seed))
        for name, (images, weights) in subsets.items():
            for side, members in (("dense", dense), ("compressed", population)):
                row: dict[str, object] = {"variant": variant, "population": side, "subset": name, "images": images}
                for score, hits in (("top1", members.correct), ("top5", members.known_top5)):
                    accuracy = hits @ weights / weights.sum()
                    row |= {
                        score: accuracy.mean(),
                        f"{score}_sd": accuracy.std(ddof=1) if len(accuracy) > 1 else np.nan,
                    }
                rows.append(row)
    return pd.DataFrame(rows)


def _panel(axes: Axes, variant: str, part: pd.DataFrame) -> None:
    rows: dict[tuple[str, str], Any] = {(row["subset"], row["population"]): row for row in part.to_dict("records")}
    images, top1 = rows["all", "dense"]["images"], rows["all", "dense"]["top1"]
    count = rows["pie", "dense"]["images"] if ("pie", "dense") in rows else 0
    axes.set_title(f"{variant}\n{count:,} PIE of {images:,} images ({100 * count / images:.1f} %)")
    axes.axhline(100 * top1, color=style.INK, linewidth=0.7, linestyle=(0, (4, 2)))
    for place, subset in enumerate(SUBSETS):
        for shift, side, colour in ((-0.2, "dense", style.PALE), (0.2, "compressed", style.BLUE)):
            if (subset, side) not in rows:
                continue
            mean, spread = (100 * rows[subset, side][score] for score in ("top1", "top1_sd"))
            axes.bar(place + shift, mean, width=0.38, color=colour)
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
    """One panel a variant, a pair of bars a subset."""
    drawing = style.canvas("Are the images that compression changes harder for every model?")
    variants = list(dict.fromkeys(table["variant"]))
    grid, spare = style.panels(drawing, len(variants), sharey=True)
    for axes, variant in zip(grid, variants, strict=True):
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


def read_flags(study: str, variant: str, dense: Population) -> Flags:
    """The PIE flag of each example of the dense population: bool (examples,); InputError where the ids differ."""
    path = paths.pie(study, variant)
    graded = read_parquet(path, PIE, ["example_id", "pie"])
    if not np.array_equal(graded.column("example_id").to_numpy(), dense.example_id):
        raise InputError(f"{path}: has other example ids than the dense predictions")
    return np.asarray(graded.column("pie").to_numpy(), dtype=bool)


def draw(
    *, study: str, shards: list[str], trained: list[str], derived: list[str], figure: Figure, root_seed: int
) -> None:
    """The step: read predictions of all variants and `pie/<variant>.parquet`, write `figures/pie-accuracy`."""
    dense = read_population(study, "dense", shards)
    compressed = {variant: read_population(study, variant, shards) for variant in (*trained, *derived)}
    pie = {variant: read_flags(study, variant, dense) for variant in compressed}
    table = numbers(dense, compressed, pie, seed=derive_seed(root_seed, study, "pie-accuracy"))
    save(study, "pie-accuracy", table, plot, figure)
