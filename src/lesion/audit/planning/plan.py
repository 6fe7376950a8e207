"""The command `lesion power`: how many members a study needs, and what a finished one could not have seen."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesion.audit.comparison.classes import class_names
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.from_files import from_files
from lesion.audit.comparison.from_nodes import from_nodes
from lesion.audit.comparison.populations import Labels, Population, read_population
from lesion.audit.inference.power import MOST, Spread
from lesion.audit.inference.recall import recalls
from lesion.audit.planning.pair import QUARTILES, plan_pair
from lesion.audit.planning.power import comparison_spread, detectable, pilot_spread, power_table
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.impact import Impact


def class_sizes(label: Labels) -> list[int]:
    """The quartiles of how many examples the classes have, each once."""
    return sorted({round(size) for size in np.quantile(np.unique(label, return_counts=True)[1], QUARTILES)})


def class_recalls(population: Population) -> list[float]:
    """The quartiles of the recall of classes, rounded to a point, each once."""
    classes, stratum = np.unique(population.known_label, return_inverse=True)
    recall = recalls(population.correct, stratum, len(classes)).mean(axis=0)
    return sorted({max(round(float(level), 2), 0.01) for level in np.quantile(recall, QUARTILES)})


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def plan_text(table: pd.DataFrame, *, power: float, alpha: float) -> str:
    """Members for each loss (across, in points of recall), class size and recall (down); at alpha, and at the strictest
    FDR.
    """
    parts = [f"Members of each population that find a loss of normalised recall with power {power:g}"]
    for name, level in (("members", f"p < {alpha:g}, uncorrected"), ("members_fdr", "at any false discovery rate")):
        grid = table.pivot(index=["examples", "recall"], columns="change", values=name).astype(object)
        shown = grid.where(grid.notna(), f"> {MOST:,}").rename_axis(columns=None).rename(_percent, level="recall")
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


def plan_study(
    *, examples: Path, dense: list[Path], compressed: list[Path] | None, settings: Impact, design: Design, **wanted: Any
) -> str:
    """The tables as text: of the dense members as a pilot, or of both populations, and then also what they could see.

    Parameters
    ----------
    examples : `examples.parquet`
    dense, compressed : predictions, a file a shard
    wanted : changes, sizes, levels and power, as in `plan`

    Raises
    ------
    InputError
        Where predictions are missing, or too few members or classes to tell a spread.
    """
    pilot = read_population(dense)
    if compressed is None:
        spread = pilot_spread(pilot, classes=len(class_names(examples)), settings=settings)
        return _members_text(spread, pilot, settings, **wanted)
    comparison = from_nodes(
        study="", variant="", examples=examples, dense=pilot, compressed=compressed, root_seed=0, design=design
    )
    return plan(comparison, settings=settings, **wanted)


def plan_files(dense: Path, compressed: Path, *, alpha: float, design: Design, **wanted: Any) -> str:
    """The same of two files of predictions by anybody, as `lesion audit` takes them.

    Raises
    ------
    InputError
        As `plan_study`; or where a file is no such thing, or labels are not known.
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha: expected a number between 0 and 1, found {alpha}")
    comparison = from_files(dense, compressed, design=design)
    return plan(comparison, settings=Impact(alpha=alpha, normalise="member"), **wanted)


def plan(comparison: Comparison, *, settings: Impact, power: float, **wanted: list[Any]) -> str:
    """How many members it takes, or for one pair of models how many examples, and what these could not have seen.

    Parameters
    ----------
    power : the chance to find a change
    wanted : changes (of recall, to be found, as fractions), sizes (how many test examples a class has) and levels (of
        recall before the change); without sizes or levels, the quartiles of those that there are. A pair of models
        takes changes alone.
    """
    if comparison.single:
        return plan_pair(comparison, changes=wanted["changes"], alpha=settings.alpha, power=power)
    spread = comparison_spread(comparison, settings=settings)
    text = _members_text(spread, comparison.dense, settings, power=power, **wanted)
    seen = detectable(comparison, settings=settings, power=power)
    return f"{text}\n\n{seen_text(seen, power=power)}"


def _members_text(
    spread: Spread,
    dense: Population,
    settings: Impact,
    *,
    changes: list[float],
    sizes: list[int],
    levels: list[float],
    power: float,
) -> str:
    table = power_table(
        spread,
        changes=changes,
        examples=sizes or class_sizes(dense.known_label),
        recalls=levels or class_recalls(dense),
        alpha=settings.alpha,
        power=power,
    )
    return plan_text(table, power=power, alpha=settings.alpha)
