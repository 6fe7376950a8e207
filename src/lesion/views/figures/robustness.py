"""What compression loses on corrupted and natural adversarial images beyond what it loses on clean ones."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm

from lesion.audit.robustness import ADVERSARIAL, CLEAN, read_accuracies, sensitivity
from lesion.audit.wording import MINUS, points
from lesion.params.design import Design
from lesion.params.figure import Figure
from lesion.views.figures import style, variants
from lesion.views.figures.saving import save

INPUTS = ("robustness",)
SETTINGS = {"design": "audit.design"}

TITLE = "Which corruptions hurt compressed models more than dense ones?"
GROUPS = {  # of Hendrycks and Dietterich, arXiv 1903.12261
    "noise": ("gaussian-noise", "shot-noise", "impulse-noise"),
    "blur": ("defocus-blur", "glass-blur", "motion-blur", "zoom-blur"),
    "weather": ("snow", "frost", "procedural-frost", "fog", "brightness"),
    "digital": ("contrast", "elastic-transform", "pixelate", "jpeg-compression"),
    "extra": ("speckle-noise", "gaussian-blur", "spatter", "saturate"),
}
NO_ROWS = pd.DataFrame(columns=["variant", "corruption"])
NATURAL = "natural"  # the group of images that nobody corrupted
OTHER = "other"  # corruptions that a study adds


def grouped(corruptions: Iterable[str]) -> list[tuple[str, str]]:
    """(group, corruption) of each corruption, in the order of the columns; clean images have no column."""
    found = [name for name in corruptions if name != CLEAN]
    known = [(group, name) for group, names in GROUPS.items() for name in names if name in found]
    natural = [(NATURAL, name) for name in found if name.startswith(ADVERSARIAL)]
    named = {name for _, name in known + natural}
    others = [(OTHER, name) for name in found if name not in named]
    return known + others + natural


def tabulate(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `audit.robustness.sensitivity` in order of variant and column, with the group of each corruption.

    Fractions; a drop relative to a dense accuracy of zero is not a number.
    """
    columns = [(CLEAN, CLEAN), *grouped(dict.fromkeys(table["corruption"]))]
    order = {name: place for place, (_, name) in enumerate(columns)}
    variants = {name: place for place, name in enumerate(dict.fromkeys(table["variant"]))}
    keys = pd.DataFrame({"variant": table["variant"].map(variants), "corruption": table["corruption"].map(order)})
    ordered = table.loc[keys.sort_values(["variant", "corruption"]).index].reset_index(drop=True)
    ordered.insert(1, "group", ordered["corruption"].map({name: group for group, name in columns}))
    return ordered.replace([np.inf, -np.inf], np.nan)


def _dense(axes: Axes, table: pd.DataFrame, columns: list[tuple[str, str]]) -> None:
    dense = table.drop_duplicates("corruption").set_index("corruption")["dense_top1"]
    heights = [100 * dense[name] for _, name in columns]
    axes.bar(range(len(columns)), heights, width=0.8, color=style.PALE)
    for place, height in enumerate(heights):
        axes.text(place, 4, f"{height:.1f}", ha="center", va="bottom", fontsize="small")
    axes.axhline(100 * dense[CLEAN], color=style.INK, linewidth=0.7, linestyle=(0, (4, 2)))
    clean = f"clean\nimages\n{100 * dense[CLEAN]:.1f}"
    beside: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "va": "top",
        "fontsize": "small",
        "in_layout": False,
    }
    axes.text(1.01, 100 * dense[CLEAN] + 4, clean, **beside)
    axes.set_ylim(0, 105)
    axes.set_yticks([0, 50, 100])
    axes.set_ylabel("Dense\ntop-1 (%)")
    axes.tick_params(axis="x", length=0, labelbottom=False)


def _separate(axes: Axes, columns: list[tuple[str, str]]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, (group, _) in enumerate(columns):
        places.setdefault(group, []).append(place)
    for where in list(places.values())[1:]:
        axes.axvline(where[0] - 0.5, color="white", linewidth=5 if where[0] == len(columns) - 1 else 2.5)
    return places


def _with_clear(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a column `clear`: whether the 95 % interval of extra_top1 leaves out 0."""
    return table.assign(clear=(table["extra_top1_low"] > 0) | (table["extra_top1_high"] < 0))


def _heat(axes: Axes, table: pd.DataFrame, columns: list[tuple[str, str]]) -> None:
    shown = list(dict.fromkeys(table["variant"]))
    names = [name for _, name in columns]
    cells = 100 * table.pivot(index="variant", columns="corruption", values="extra_top1").loc[shown, names].to_numpy()
    corrupted = cells[:, [not name.startswith(ADVERSARIAL) for name in names]]
    within = corrupted if np.isfinite(corrupted).any() else cells  # one hard set must not wash out the corruptions
    limit = max(0.1, np.abs(np.nan_to_num(within)).max())
    beyond = np.abs(np.nan_to_num(cells)).max() > limit
    colours = colormaps["RdBu"].with_extremes(bad="#eeeeee")
    image = axes.imshow(cells, cmap=colours, norm=TwoSlopeNorm(0, -limit, limit), aspect="auto")
    clear = _with_clear(table).pivot(index="variant", columns="corruption", values="clear").loc[shown, names].to_numpy()
    for (row, column), value in np.ndenumerate(cells):
        text = points(value / 100) if np.isfinite(value) else "n/a"
        weight = "bold" if clear[row, column] else "normal"
        ink = "white" if np.isfinite(value) and abs(value) > 0.65 * limit else style.INK
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize="small", fontweight=weight)
    clean = table[table["corruption"] == CLEAN].set_index("variant")["clean_relative_top1"]
    axes.set_yticks(range(len(shown)), [f"{variants.label(name)}  ({points(clean[name])})" for name in shown])
    labels = [variants.label(name.replace("-", " ")) for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = axes.figure.colorbar(image, ax=axes, extend="both" if beyond else "neither", pad=0.01, fraction=0.03)
    bar.set_label(f"Beyond the clean drop (points)\n{MINUS}: more sensitive")


def plot(table: pd.DataFrame) -> mpl.Figure:
    """Dense accuracy above, and below what each variant loses beyond its loss on clean images."""
    columns = grouped(dict.fromkeys(table["corruption"]))
    if table.empty:
        return style.notice(TITLE, "No compressed variant of this study was shown corrupted images.")
    if not columns:
        return style.notice(TITLE, "This study shows its models clean images alone.")
    drawing = style.canvas(TITLE)
    heights = [2, max(table["variant"].nunique(), 2)]
    above, below = drawing.subplots(2, 1, sharex=True, height_ratios=heights)
    _dense(above, table, columns)
    _heat(below, table, columns)
    _separate(below, columns)
    for group, where in _separate(above, columns).items():
        above.text(np.mean(where), 1.02, group, transform=above.get_xaxis_transform(), ha="center", va="bottom")
    below.set_ylabel("Variant (relative change on clean, %)")
    return drawing


def draw(
    *, robustness: dict[str, list[Path]], design: Design, svg: Path, pdf: Path, numbers: Path, figure: Figure
) -> None:
    """The step: read the counts of right answers on corrupted images, write the figure and its numbers."""
    accuracies = {variant: read_accuracies(files) for variant, files in robustness.items()}
    found = sensitivity(accuracies, design=design, dense=variants.DENSE) if len(accuracies) > 1 else NO_ROWS
    table = tabulate(found)
    save(table, plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
