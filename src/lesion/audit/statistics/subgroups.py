"""Compare error rates by attributes of the examples.

As in Hooker et al., arXiv 2010.03058, section 4: error, false-positive and false-negative rates by attribute and by
intersections of attributes, their changes relative to that of the whole; here with intervals, tests and counts.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.attributes import intersections
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Audited, Finding, Row, empty
from lesion.audit.inference.effects import changes
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.significance import untested
from lesion.audit.wording import number, percent, points
from lesion.errors import InputError
from lesion.params.impact import Impact
from lesion.params.subgroups import Subgroups

SUFFIX = "csv"
SETTINGS = {"groups": "studies.{study}.subgroups", "settings": "audit.subgroups", "impact": "audit.impact"}
ORDER = 5
SCHEMA = pa.schema(
    {
        "attribute": pa.string(),
        "group": pa.string(),
        "measure": pa.string(),
        "examples": pa.int64(),
        "small": pa.bool_(),
        "dense_rate": pa.float64(),
        "compressed_rate": pa.float64(),
        "change": pa.float64(),
        "change_low": pa.float64(),
        "change_high": pa.float64(),
        "relative_change": pa.float64(),
        "normalised_change": pa.float64(),
        "test": pa.string(),
        "t": pa.float64(),
        "degrees_of_freedom": pa.float64(),
        "p": pa.float64(),
        "q": pa.float64(),
        "significant": pa.bool_(),
        "significant_fdr": pa.bool_(),
    }
)

Flags = npt.NDArray[np.bool_]
Text = npt.NDArray[Any]

ALL = "all"  # the attribute, and the group, of the rows that are about every example
NO_TEST = "none"


def measures(label: npt.NDArray[np.integer], classes: int) -> dict[str, Flags]:
    """The examples that each rate of wrong answers is about, bool (examples,): of two classes, the second is positive.

    A false positive is a wrong answer to an example of the first class, a false negative one to an example of the
    second. The two are those that labels have, whatever else models answer; else the only two that there are.
    """
    every, present = {"error": np.ones(len(label), dtype=bool)}, np.unique(label)
    two = present if len(present) == 2 else np.arange(classes)
    if len(two) != 2:
        return every
    return every | {"false-positive": label == two[0], "false-negative": label == two[1]}


def _counts(wrong: Flags, stratum: npt.NDArray[np.integer], strata: int) -> npt.NDArray[np.int64]:
    """Wrong answers of each member in each stratum: int64 (members, strata)."""
    return np.stack([wrong[:, stratum == group].sum(axis=1) for group in range(strata)], axis=1)


def _ratio(numerator: npt.NDArray[np.float64], denominator: Any) -> npt.NDArray[np.float64]:
    """NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(denominator, 0), np.nan, numerator / denominator)


def _rows(
    dense: Flags, compressed: Flags, values: Text, *, paired: bool, cluster: npt.NDArray[np.integer] | None
) -> pd.DataFrame:
    """A row a group of one attribute, of wrong answers, bool (members, examples)."""
    groups, stratum, size = np.unique(values, return_inverse=True, return_counts=True)
    before, after = (_counts(wrong, stratum, len(groups)) for wrong in (dense, compressed))
    dense_rate, compressed_rate = (count.sum(axis=0) / (len(count) * size) for count in (before, after))
    whole = after.sum() / compressed.size - before.sum() / dense.size
    found = changes(dense, compressed, stratum, len(groups), paired=paired, cluster=cluster)
    test = found.tested or untested(len(groups))
    return pd.DataFrame(
        {
            "group": groups,
            "examples": size,
            "dense_rate": dense_rate,
            "compressed_rate": compressed_rate,
            "change": compressed_rate - dense_rate,  # of counts: exactly 0 where nothing changes
            "change_low": found.plain.low,
            "change_high": found.plain.high,
            "relative_change": _ratio(compressed_rate - dense_rate, dense_rate),
            "normalised_change": _ratio(compressed_rate - dense_rate, whole),
            "test": NO_TEST if found.tested is None else "moderated-paired" if paired else "moderated",
            "t": test.t,
            "degrees_of_freedom": test.degrees_of_freedom,
            "p": test.p,
        }
    )


def _parts(comparison: Comparison, groups: Mapping[str, Text]) -> Iterator[pd.DataFrame]:
    before, after = ~comparison.dense.correct, ~comparison.compressed.correct
    every = {ALL: np.full(len(comparison.example_id), ALL)}
    classes = 1 if comparison.graded else len(comparison.classes)
    for attribute, values in (every | dict(groups)).items():
        for measure, about in measures(comparison.dense.known_label, classes).items():
            if about.any():
                cluster = None if comparison.cluster is None else comparison.cluster[about]
                wrong = before[:, about], after[:, about]
                part = _rows(*wrong, values[about], paired=comparison.paired, cluster=cluster)
                part.insert(0, "attribute", attribute)
                part.insert(2, "measure", measure)
                yield part


def table(comparison: Comparison, *, groups: list[list[str]], settings: Subgroups, impact: Impact) -> pd.DataFrame:
    """One row an attribute, measure and group; first those of all examples, whose attribute and group are `all`.

    Columns: attribute, group, measure (error, and of two classes false-positive and false-negative), examples (those
    that the rate is about), small (fewer than `settings.smallest`), dense_rate and compressed_rate (means over
    members), change with its 95 % interval (`inference.effects`), relative_change (change / dense_rate),
    normalised_change (change / the change over all examples; 1 where the group changes as the average does); test
    (moderated, moderated-paired, or none where a population is a single model or an attribute has one value), t,
    degrees_of_freedom and p of the group's rate less that of all examples, member by member (`inference.moderated`);
    q (Benjamini–Hochberg over all tests of the table), significant (p < alpha, uncorrected), significant_fdr (q <
    alpha). NaN where a denominator is 0; a group without example is left out. No rows where labels are not known.

    Parameters
    ----------
    groups : attributes, each alone or several for their intersections

    Raises
    ------
    InputError
        Where there is no such attribute, or one is called `all`.
    """
    if comparison.label is None:
        return empty(SCHEMA)
    if [ALL] in groups:
        raise InputError(f"subgroups: no attribute may be called {ALL}: the rows of every example are")
    found = pd.concat(_parts(comparison, intersections(comparison.groups, groups)), ignore_index=True)
    found.insert(4, "small", found["examples"] < settings.smallest)
    found["q"] = np.nan
    tested = found["p"].notna()
    found.loc[tested, "q"] = q_values(found.loc[tested, "p"].to_numpy())
    return found.assign(significant=found["p"] < impact.alpha, significant_fdr=found["q"] < impact.alpha)


def columns(table: pd.DataFrame, *, alpha: float) -> Row:  # noqa: ARG001
    """None: a study has any number of groups."""
    return {}


def finding(audited: Audited) -> Finding | None:
    """Which groups get more wrong answers than the average; of a single pair of models `flips` says it."""
    found = audited.tables["subgroups"]
    errors = found[(found["measure"] == "error") & (found["attribute"] != ALL)]
    if errors.empty or audited.comparison.single:
        return None
    large = errors[~errors["small"]] if not errors["small"].all() else errors
    worst = large.sort_values("change", ascending=False, kind="stable").iloc[0]
    who = f"{worst['attribute']} {worst['group']}"
    rates = f"{percent(worst['dense_rate'])} to {percent(worst['compressed_rate'])}"
    text = f"Hit hardest: {who}, whose error rate goes from {rates} ({number(worst['examples'])} examples)."
    if errors["p"].notna().any():
        count = int(errors["significant_fdr"].sum())
        text += f" {count} of {len(errors)} groups change more or less than the average (FDR {audited.alpha:g})."
    if errors["small"].any():
        text += f" {int(errors['small'].sum())} have too few examples to be sure of."
    return Finding("Groups", points(worst["change"]), f"points of error, {who}", text, place=4)
