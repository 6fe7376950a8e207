"""Who pays: error rates of subgroups of the examples, and whether compression changes them more than the average.

As in Hooker et al., arXiv 2010.03058, section 4: error, false-positive and false-negative rates by attribute and by
intersections of attributes, their changes relative to that of the whole; here with intervals, tests and counts.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.attributes import Text, read_groups
from lesion.audit.comparison.classes import class_names
from lesion.audit.comparison.populations import Population, check_comparable, check_labels, is_paired, read_population
from lesion.audit.inference.effects import changes
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.significance import Tested, t_test
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.impact import Impact
from lesion.params.subgroups import Subgroups

Flags = npt.NDArray[np.bool_]

ALL = "all"  # the attribute, and the group, of the rows that are about every example
NO_TEST = "none"


def measures(label: npt.NDArray[np.integer], classes: int) -> dict[str, Flags]:
    """The examples that each rate of wrong answers is about, bool (examples,): with two classes, class 1 is positive.

    A false positive is a wrong answer to an example of class 0, a false negative one to an example of class 1.
    """
    every = {"error": np.ones(len(label), dtype=bool)}
    return every | {"false-positive": label == 0, "false-negative": label == 1} if classes == 2 else every


def _counts(wrong: Flags, stratum: npt.NDArray[np.integer], strata: int) -> npt.NDArray[np.int64]:
    """Wrong answers of each member in each stratum: int64 (members, strata)."""
    return np.stack([wrong[:, stratum == group].sum(axis=1) for group in range(strata)], axis=1)


def _excess(counts: npt.NDArray[np.int64], size: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Each member's rate in each stratum less its rate over all: float64 (members, strata)."""
    return np.asarray(counts / size - counts.sum(axis=1, keepdims=True) / size.sum())


def _ratio(numerator: npt.NDArray[np.float64], denominator: Any) -> npt.NDArray[np.float64]:
    """NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(denominator, 0), np.nan, numerator / denominator)


def _untested(strata: int) -> Tested:
    unknown = np.full(strata, np.nan)
    return Tested(unknown, unknown, unknown)


def _rows(dense: Flags, compressed: Flags, values: Text, *, paired: bool, tested: bool) -> pd.DataFrame:
    """A row a group of one attribute, of wrong answers, bool (members, examples)."""
    groups, stratum, size = np.unique(values, return_inverse=True, return_counts=True)
    before, after = (_counts(wrong, stratum, len(groups)) for wrong in (dense, compressed))
    dense_rate, compressed_rate = (count.sum(axis=0) / (len(count) * size) for count in (before, after))
    whole = after.sum() / compressed.size - before.sum() / dense.size
    change, _ = changes(dense, compressed, stratum, len(groups), paired=paired)
    test = t_test(_excess(after, size), _excess(before, size), paired=paired) if tested else _untested(len(groups))
    return pd.DataFrame(
        {
            "group": groups,
            "examples": size,
            "dense_rate": dense_rate,
            "compressed_rate": compressed_rate,
            "change": compressed_rate - dense_rate,  # of counts: exactly 0 where nothing changes
            "change_low": change.low,
            "change_high": change.high,
            "relative_change": _ratio(compressed_rate - dense_rate, dense_rate),
            "normalised_change": _ratio(compressed_rate - dense_rate, whole),
            "test": ("paired" if paired else "welch") if tested else NO_TEST,
            "t": test.t,
            "degrees_of_freedom": test.degrees_of_freedom,
            "p": test.p,
        }
    )


def _parts(
    dense: Population, compressed: Population, groups: Mapping[str, Text], *, classes: int, paired: bool
) -> Iterator[pd.DataFrame]:
    before, after = ~dense.correct, ~compressed.correct
    every = {ALL: np.full(len(dense.example_id), ALL)}
    several = min(len(dense.member), len(compressed.member)) > 1
    for attribute, values in (every | dict(groups)).items():
        for measure, about in measures(dense.known_label, classes).items():
            if about.any():
                tested = several and attribute != ALL
                part = _rows(before[:, about], after[:, about], values[about], paired=paired, tested=tested)
                part.insert(0, "attribute", attribute)
                part.insert(2, "measure", measure)
                yield part


def _check_groups(groups: Mapping[str, Text], examples: int) -> None:
    for attribute, values in groups.items():
        if attribute == ALL:
            raise InputError(f"subgroups: no attribute may be called {ALL}: the rows of every example are")
        if len(values) != examples:
            raise InputError(f"subgroups: {attribute} has {len(values)} values, for {examples} examples")


def subgroup_table(
    dense: Population,
    compressed: Population,
    groups: Mapping[str, Text],
    *,
    classes: int,
    settings: Subgroups,
    alpha: float,
    design: Design = "auto",
) -> pd.DataFrame:
    """One row an attribute, measure and group; first those of all examples, whose attribute and group are `all`.

    Columns: attribute, group, measure (error, and of two classes false-positive and false-negative), examples (those
    that the rate is about), small (fewer than `settings.smallest`), dense_rate and compressed_rate (means over
    members), change with its 95 % interval (`effects`), relative_change (change / dense_rate), normalised_change
    (change / the change over all examples; 1 where the group changes as the average does); test (welch, paired, or none
    where a population is a single model), t, degrees_of_freedom and p of the group's rate less that of all examples,
    member by member; q (Benjamini–Hochberg over all tests of the table), significant (p < alpha, uncorrected),
    significant_fdr (q < alpha). NaN where a denominator is 0; a group without example is left out.

    Parameters
    ----------
    groups : text (examples,) by the name of an attribute, or of an intersection such as `male & young`

    Raises
    ------
    InputError
        Where the populations differ in examples or in labels, labels are not known, or an attribute is called `all` or
        does not have a value for each example.
    """
    check_comparable(dense, compressed)
    for population in (dense, compressed):
        check_labels(population, classes)
    _check_groups(groups, len(dense.example_id))
    paired = is_paired(dense, compressed, design)
    table = pd.concat(_parts(dense, compressed, groups, classes=classes, paired=paired), ignore_index=True)
    table.insert(4, "small", table["examples"] < settings.smallest)
    table["q"] = np.nan
    tested = table["p"].notna()
    table.loc[tested, "q"] = q_values(table.loc[tested, "p"].to_numpy())
    return table.assign(significant=table["p"] < alpha, significant_fdr=table["q"] < alpha)


def subgroups(
    *,
    study: str,
    variant: str,
    shards: list[str],
    groups: list[list[str]],
    settings: Subgroups,
    impact: Impact,
    design: Design,
) -> None:
    """The step: read both populations and the attributes in `groups`, write `subgroups/<variant>.csv`."""
    dense, compressed = (read_population(study, name, shards) for name in ("dense", variant))
    found = read_groups(study, groups, dense.example_id)
    table = subgroup_table(
        dense,
        compressed,
        found,
        classes=len(class_names(study)),
        settings=settings,
        alpha=impact.alpha,
        design=design,
    )
    write_csv(paths.subgroups(study, variant), table)
