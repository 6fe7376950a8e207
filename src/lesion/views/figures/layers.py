"""Which layers are to blame: broken answers and the error of the output of each layer, a column for each variant."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullFormatter

from lesion.artifacts.csv_tables import read_csv
from lesion.audit.inference.intervals import mean_interval
from lesion.audit.inference.proportions import share_interval
from lesion.audit.inference.sign_flips import mcnemar_p
from lesion.params.figure import Figure
from lesion.views.figures import lettering, style, variants
from lesion.views.figures.saving import save

INPUTS = ("layers", "layers-path", "layers-check")
ONLY_WITH = "studies.{study}.layers"

NAMED_LAYERS = 70  # with more layers than this their names cannot be read
LONGEST = 30  # characters of the name of a layer
LEAST_ERROR = 1e-4  # the axis of errors begins no lower


def tabulate(
    tables: Mapping[str, pd.DataFrame], paths: Mapping[str, pd.DataFrame], checks: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """One row a layer of each variant, in the order in which they run.

    Columns: variant, layer, kind, error, broken (by this layer alone), broken_without (by all but this layer), back,
    bytes and bytes_compressed, place (among the layers that are suggested to be kept, from 1; empty for others); then,
    the same in all rows of a variant: kept (how many layers), bytes_share (of the saved bytes, that keeping takes), and
    on images by which layers were not chosen: broken_all, come_back, new, their share back_share with its 95 % interval
    back_low and back_high, and p that as many answers break as come back. For one member the interval is Clopper and
    Pearson's and p McNemar's, exact; for several the interval is that of the mean share over members, without p.
    """
    parts = []
    for variant, table in tables.items():
        part = table[["layer", "kind", "error", "broken", "broken_without", "back", "bytes", "bytes_compressed"]].copy()
        part.insert(0, "variant", variant)
        path = paths[variant].set_index("kept")
        best = int(path.index[path["suggested"]][0])
        places = {layer: place for place, layer in path["layer"].items() if 0 < place <= best}
        part["place"] = part["layer"].map(places)
        part["kept"], part["bytes_share"] = best, path["bytes_share"][best]
        parts.append(part.assign(**checked(checks[variant])))
    return pd.concat(parts, ignore_index=True)


def checked(check: pd.DataFrame) -> dict[str, float]:
    """What the suggestion gives on the images by which it was not chosen; means over members."""
    others = check[check["set"] == "others"]
    broken, back, new = (others[name].to_numpy() for name in ("broken", "back", "new"))
    share, low, high, p = float("nan"), float("nan"), float("nan"), float("nan")
    if broken.all():
        share = float((back / broken).mean())
        low, high = share_interval(share, float(broken[0])) if len(others) == 1 else mean_interval(back / broken)
    if len(others) == 1:
        p = float(mcnemar_p(back, new)[0])
    found = {"broken_all": broken.mean(), "come_back": back.mean(), "new": new.mean()}
    return {name: float(value) for name, value in found.items()} | {
        "back_share": share, "back_low": low, "back_high": high, "p": p,
    }  # fmt: skip


def _title(variant: str, part: pd.DataFrame) -> str:
    row = part.iloc[0]
    name = variants.label(variant)
    if not row["kept"]:
        return f"{name}\nno layer is suggested: none brings broken answers back by itself\n"
    spent = "" if pd.isna(row["bytes_share"]) else f" for {row['bytes_share']:.1%} of the bytes saved"
    interval = (
        "" if pd.isna(row["back_low"]) else f" (95 %: {100 * row['back_low']:.0f} to {100 * row['back_high']:.0f} %)"
    )
    p = "" if pd.isna(row["p"]) else f", p = {row['p']:.2g}"
    return (
        f"{name}: keep {row['kept']} of {len(part)} layers{spent}\n"
        f"on other images {row['come_back']:.3g} of {row['broken_all']:.3g} broken answers come back{interval},\n"
        f"{row['new']:.3g} others break{p}"
    )


def _panel(upper: Axes, lower: Axes, variant: str, part: pd.DataFrame) -> None:
    place, kept = np.arange(len(part)), part["place"].notna().to_numpy(dtype=bool)
    colours = np.where(kept, style.VERMILLION, style.SKY).tolist()
    width = 0.8 if len(part) <= NAMED_LAYERS else 1.0
    upper.bar(place, part["broken"], width=width, color=colours)
    upper.plot(place, part["back"], linestyle="none", marker="D", markersize=3.2, color=style.INK)
    upper.axhline(0, color=style.GREY, linewidth=0.6)
    upper.set_title(_title(variant, part))
    error = part["error"].to_numpy(dtype=float)
    lower.bar(place, error, width=width, color=colours)
    if np.nanmax(error, initial=0) > 0:
        lower.set_yscale("log")
        lower.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        lower.yaxis.set_major_formatter("{x:g}")
        lower.yaxis.set_minor_formatter(NullFormatter())
        lower.set_ylim(bottom=max(LEAST_ERROR, float(np.nanmin(error[error > 0])) / 2))
    names = [lettering.shortened(str(name), LONGEST) for name in part["layer"]]
    if len(part) <= NAMED_LAYERS:
        lower.set_xticks(place, names, rotation=90, fontsize="x-small" if len(part) > 25 else "small")
        for label, chosen in zip(lower.get_xticklabels(), kept, strict=True):
            label.set_color(style.VERMILLION if chosen else style.INK)
    else:
        lower.set_xlabel(f"{len(part):,} layers in the order in which they run")
        lower.set_xticks(place[kept], np.array(names)[kept], rotation=90, fontsize="x-small")
    lower.tick_params(axis="x", length=0)
    for axes in (upper, lower):
        axes.margins(x=0.01)
        axes.grid(axis="y")


def plot(table: pd.DataFrame) -> mpl.Figure:
    """A column for each variant: above broken answers, below the error of the layer's output. The scales differ."""
    drawing = style.canvas("Which layers break answers, and which to leave alone?")
    shown = list(dict.fromkeys(table["variant"]))
    grid = drawing.subplots(2, len(shown), squeeze=False, sharex="col", height_ratios=(3, 2))
    for (upper, lower), variant in zip(grid.T, shown, strict=True):
        _panel(upper, lower, variant, table[table["variant"] == variant])
    grid[0][0].set_ylabel("Answers, by the images\nby which layers are chosen")
    grid[1][0].set_ylabel("Relative error of\nthe output (log scale)")
    diamond: dict[str, Any] = {"marker": "D", "linestyle": "none", "color": style.INK, "markersize": 4}
    keys = [
        Patch(color=style.SKY, label="broken where this layer alone is compressed"),
        Line2D([], [], label="fewer broken where all layers but this one are compressed", **diamond),
        Patch(color=style.VERMILLION, label="suggested to be left alone"),
    ]
    drawing.legend(handles=keys, loc="outside lower center", ncols=3)
    return drawing


def draw(
    *,
    layers: dict[str, Path],
    layers_path: dict[str, Path],
    layers_check: dict[str, Path],
    svg: Path,
    pdf: Path,
    numbers: Path,
    figure: Figure,
) -> None:
    """The step: read the three tables of each variant, write the figure and its numbers."""
    read = [{name: read_csv(path) for name, path in files.items()} for files in (layers, layers_path, layers_check)]
    save(tabulate(*read), plot, svg=svg, pdf=pdf, numbers=numbers, figure=figure)
