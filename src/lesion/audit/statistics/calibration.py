"""Compare how well confidence tells whether answers are right, in all, by class and by group.

Expected calibration error (Guo et al. 2017, arXiv 1706.04599), Brier score (Brier 1950) and log loss of the confidence
in the answer given, and log loss of the true class: each a mean over members.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.attributes import intersections
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Audited, Finding, Row, empty
from lesion.audit.inference.calibration import answer_losses, calibration_error, log_loss
from lesion.audit.inference.mean_changes import Measured, mean_change, means
from lesion.audit.inference.parts import Parts
from lesion.audit.wording import MINUS, points
from lesion.params.subgroups import Subgroups

SUFFIX = "csv"
SETTINGS = {"groups": "studies.{study}.subgroups", "settings": "audit.subgroups"}
ORDER = 8
SCHEMA = pa.schema(
    {
        "attribute": pa.string(),
        "group": pa.string(),
        "measure": pa.string(),
        "examples": pa.int64(),
        "small": pa.bool_(),
        "dense": pa.float64(),
        "compressed": pa.float64(),
        "change": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    }
)
ALL, CLASS = "all", "class"  # the attributes of the rows of every example, and of the classes
IN_SUMMARY = ("ece", "brier", "log_loss")

Sides = tuple[Callable[[Parts], Measured], Callable[[Parts], Measured]]


def _measures(comparison: Comparison) -> dict[str, Sides]:
    """What measures dense and compressed members within parts, by the name of the measure; those that are known."""
    found: dict[str, list[Callable[[Parts], Measured]]] = {}
    sides = comparison.dense, comparison.compressed
    if all(side.confidence is not None for side in sides):
        for side in sides:
            confidence, right = np.asarray(side.confidence), side.correct
            found.setdefault("ece", []).append(partial(calibration_error, confidence, right))
            for name, losses in answer_losses(confidence, right).items():
                found.setdefault(name, []).append(partial(means, losses))
    if all(side.true_probability is not None for side in sides):
        found["true_log_loss"] = [partial(means, log_loss(np.asarray(side.true_probability))) for side in sides]
    return {name: (dense, compressed) for name, (dense, compressed) in found.items()}


def _divisions(comparison: Comparison, groups: list[list[str]]) -> Iterator[tuple[str, npt.NDArray[Any], Parts]]:
    """Attribute, names of its groups, and the examples in these: all, by class, by each attribute or intersection."""
    examples, cluster = len(comparison.example_id), comparison.cluster
    yield ALL, np.array([ALL]), Parts(np.zeros(examples, dtype=np.int64), 1, cluster)
    if comparison.comparable_classes:
        present = comparison.present
        yield CLASS, comparison.named(present), Parts(comparison.stratum, len(present), cluster)
    for attribute, values in intersections(comparison.groups, groups).items():
        names, part = np.unique(values, return_inverse=True)
        yield attribute, names, Parts(part, len(names), cluster)


def table(comparison: Comparison, *, groups: list[list[str]], settings: Subgroups) -> pd.DataFrame:
    """One row an attribute, group and measure; first those of all examples, then those of the true classes.

    Columns: attribute (`all`, `class`, or the name of an attribute or intersection), group, measure,
    examples, small (fewer than `settings.smallest`); dense, compressed (means over members), change, low and high (its
    95 % interval for other examples, or clusters of them, and other members). Lower is better:

    - ece: expected calibration error of the confidence, 15 bins, bias removed (`inference.calibration`); its interval
      is wider by the bias that may be left;
    - brier, log_loss: of the confidence as a forecast of whether the answer is right;
    - true_log_loss: −log of the probability of the true class.

    overconfidence, mean confidence less accuracy, is best at 0. No rows where labels are not known; none of a measure
    whose probabilities are not.

    Parameters
    ----------
    groups : attributes, each alone or several for their intersections

    Raises
    ------
    InputError
        Where there is no such attribute.
    """
    measures = {} if comparison.label is None else _measures(comparison)
    if not measures:
        return empty(SCHEMA)
    parts = []
    for attribute, names, division in _divisions(comparison, groups):
        for measure, (dense, compressed) in measures.items():
            found = mean_change(dense(division), compressed(division), division, paired=comparison.paired)
            said = {"attribute": attribute, "group": names, "measure": measure, "examples": division.size}
            small = division.size < settings.smallest
            parts.append(pd.DataFrame({**said, "small": small, **vars(found)}).assign(place=range(len(names))))
    stacked = pd.concat(parts, ignore_index=True)
    attributes = stacked["attribute"].map({name: place for place, name in enumerate(stacked["attribute"].unique())})
    order = stacked.assign(attribute=attributes).sort_values(["attribute", "place"], kind="stable").index
    return stacked.loc[order, SCHEMA.names].reset_index(drop=True)


def _of_all(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of every example, by measure."""
    return table[table["attribute"] == ALL].set_index("measure")


def columns(table: pd.DataFrame, *, alpha: float) -> Row:  # noqa: ARG001
    """The changes over all examples, with the ends of their intervals."""
    row, measures = Row(), _of_all(table)
    for measure in IN_SUMMARY:
        found = measures.loc[measure] if measure in measures.index else dict.fromkeys(("change", "low", "high"))
        row |= {f"{measure}_change{end}": found[of] for end, of in (("", "change"), ("_low", "low"), ("_high", "high"))}
    return row


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", MINUS)


def finding(audited: Audited) -> Finding | None:
    """How far confidence goes beyond accuracy, and the Brier score."""
    measures = _of_all(audited.tables["calibration"])
    if "brier" not in measures.index:
        return None
    beyond, brier = measures.loc["overconfidence"], measures.loc["brier"]
    text = (
        f"Mean confidence less accuracy goes from {points(beyond['dense'])} to {points(beyond['compressed'])} points"
        f" (95 % interval of the change {points(beyond['low'])} to {points(beyond['high'])})."
    )
    if beyond["low"] <= 0 <= beyond["high"]:
        text += " The interval holds 0: no change can be told from chance."
    text += (
        f" The Brier score of confidence goes from {brier['dense']:.4f} to {brier['compressed']:.4f}, lower is better"
        f" (95 % interval of the change {_signed(brier['low'])} to {_signed(brier['high'])})."
    )
    return Finding("Confidence", points(beyond["change"]), "points of overconfidence", text, place=6)
