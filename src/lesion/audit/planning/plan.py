"""The command `lesion power`: how many members a study needs, and what a finished one could not have seen."""

from pathlib import Path

import numpy as np
import pandas as pd

from lesion.audit.comparison.classes import class_names
from lesion.audit.comparison.from_nodes import from_nodes
from lesion.audit.comparison.populations import read_population
from lesion.audit.inference.power import MOST
from lesion.audit.planning.power import comparison_spread, detectable, pilot_spread, power_table
from lesion.params.design import Design
from lesion.params.impact import Impact

QUARTILES = (0.25, 0.5, 0.75)


def class_sizes(label: np.ndarray[tuple[int], np.dtype[np.integer]]) -> list[int]:
    """The quartiles of how many examples the classes have, each once."""
    return sorted({round(size) for size in np.quantile(np.unique(label, return_counts=True)[1], QUARTILES)})


def plan_text(table: pd.DataFrame, *, power: float, alpha: float) -> str:
    """Members for each change (across, in points of recall) and class size (down); at alpha, and at the strictest
    FDR.
    """
    parts = [f"Members of each population that find a change of normalised recall with power {power:g}"]
    for name, level in (("members", f"p < {alpha:g}, uncorrected"), ("members_fdr", "at any false discovery rate")):
        grid = table.pivot(index="examples", columns="change", values=name).astype(object)
        shown = grid.where(grid.notna(), f"> {MOST:,}").rename_axis(index="examples", columns=None)
        shown.columns = [f"{100 * change:g} points" for change in grid.columns]
        parts.append(f"\n{level}\n{shown.to_string()}")
    return "\n".join(parts)


def seen_text(table: pd.DataFrame, *, power: float) -> str:
    """What a change of each class would have had to be, in points of recall."""
    points = 100 * table[["normalised_change", "detectable", "detectable_fdr"]]
    shown = points.round(2).set_axis(["change seen", "detectable", "detectable at FDR"], axis=1)
    shown.insert(0, "examples", table["examples"])
    shown.index = pd.Index(table["name"], name="class")
    head = (
        f"Changes that would have been found with power {power:g} ({table['test'].iloc[0]} test), in points of recall"
    )
    return f"{head}\n{shown.to_string(na_rep='no spread')}"


def plan(
    *,
    examples: Path,
    dense: list[Path],
    compressed: list[Path] | None,
    settings: Impact,
    design: Design,
    changes: list[float],
    sizes: list[int],
    power: float,
) -> str:
    """The tables as text: of the dense members as a pilot, or of both populations, and then also what they could see.

    Parameters
    ----------
    examples : `examples.parquet`
    dense, compressed : predictions, a file a shard
    changes : of recall, to be found, as fractions
    sizes : how many test examples a class has; without, the quartiles of those that there are

    Raises
    ------
    InputError
        Where predictions are missing, or too few members or classes to tell a spread.
    """
    names, pilot = class_names(examples), read_population(dense)
    if compressed is None:
        spread = pilot_spread(pilot, classes=len(names), settings=settings)
    else:
        comparison = from_nodes(
            study="", variant="", examples=examples, dense=pilot, compressed=compressed, root_seed=0, design=design
        )
        spread = comparison_spread(comparison, settings=settings)
    table = power_table(
        spread,
        changes=changes,
        examples=sizes or class_sizes(pilot.known_label),
        alpha=settings.alpha,
        power=power,
    )
    text = plan_text(table, power=power, alpha=settings.alpha)
    if compressed is None:
        return text
    seen = detectable(comparison, settings=settings, power=power)
    return f"{text}\n\n{seen_text(seen, power=power)}"
