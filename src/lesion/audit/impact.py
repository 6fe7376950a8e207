"""Class-level impact: the classes that compression hits more, or less, than accuracy as a whole.

Hooker et al., arXiv 1911.05248, section 3.1: a Welch t-test for each class on normalised recall.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import write_csv
from lesion.audit.classes import class_names
from lesion.audit.populations import Population, check_comparable, check_labels, read_population
from lesion.errors import InputError
from lesion.params.impact import Impact

Floats = npt.NDArray[np.float64]
Normalise = Literal["population", "member"]


def recalls(correct: npt.NDArray[np.bool_], label: npt.NDArray[np.integer], classes: int) -> Floats:
    """Recall of each class for each member.

    Parameters
    ----------
    correct : bool (members, examples)
    label : int (examples,), each in [0, classes)
    classes : int

    Returns
    -------
    float64 (members, classes), each in [0, 1]

    Raises
    ------
    InputError
        Where a class has no example, for its recall is undefined.
    """
    totals = np.bincount(label, minlength=classes)
    if (empty := np.flatnonzero(totals == 0)).size:
        raise InputError(f"class {empty[0]} has no test example")
    order = np.argsort(label, kind="stable")
    starts = np.concatenate([[0], np.cumsum(totals)[:-1]])
    hits = np.add.reduceat(correct[:, order], starts, axis=1, dtype=np.int64)
    return np.asarray(hits / totals)


def normalised(recall: Floats, accuracy: Floats, normalise: Normalise) -> Floats:
    """Recall relative to accuracy: minus the population's mean accuracy (the paper), or minus each member's own."""
    return recall - (accuracy.mean() if normalise == "population" else accuracy[:, None])


def welch_t_test(a: Floats, b: Floats) -> tuple[Floats, Floats, Floats]:
    """Two-sided Welch t-test of each column: t of mean(a) − mean(b), degrees of freedom, p.

    Columns that are constant in both samples have no variance to test against: where the means are equal too,
    t is 0 and p is 1; where they differ, t is infinite and p is 0.

    Parameters
    ----------
    a, b : float64 (members, classes); at least two rows each
    """
    variance_a, variance_b = a.var(axis=0, ddof=1) / len(a), b.var(axis=0, ddof=1) / len(b)
    difference, variance = a.mean(axis=0) - b.mean(axis=0), variance_a + variance_b
    constant = (np.ptp(a, axis=0) == 0) & (np.ptp(b, axis=0) == 0)
    difference = np.where(constant, a[0] - b[0], difference)  # exact: the mean of equal floats may round
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(
            constant, np.where(difference == 0, 0.0, np.copysign(np.inf, difference)), difference / variance**0.5
        )
        freedom = variance**2 / (variance_a**2 / (len(a) - 1) + variance_b**2 / (len(b) - 1))
        p = 2 * special.stdtr(freedom, -np.abs(t))
    freedom = np.where(constant, len(a) + len(b) - 2.0, freedom)
    return t, freedom, np.where(constant, (difference == 0).astype(float), p)


def class_impact(dense: Population, compressed: Population, *, classes: int, settings: Impact) -> pd.DataFrame:
    """One row a class: recalls, their change, the change relative to accuracy, and its test.

    Columns: class, examples, dense_recall, compressed_recall, change (of recall), normalised_change (of recall minus
    accuracy), t, degrees_of_freedom, p, significant (p < alpha, uncorrected, as in the paper), direction.

    Raises
    ------
    InputError
        Where a population has fewer than two members, the populations differ in examples, or a class has none.
    """
    for population, name in ((dense, "dense"), (compressed, "compressed")):
        if len(population.member) < 2:
            raise InputError(f"a t-test needs two members at least, the {name} population has {len(population.member)}")
    check_comparable(dense, compressed)
    for population in (dense, compressed):
        check_labels(population, classes)
    recall = [recalls(population.correct, dense.label, classes) for population in (dense, compressed)]
    accuracy = [population.correct.mean(axis=1) for population in (dense, compressed)]
    before, after = (normalised(r, a, settings.normalise) for r, a in zip(recall, accuracy, strict=True))
    t, freedom, p = welch_t_test(after, before)
    change = after.mean(axis=0) - before.mean(axis=0)
    return pd.DataFrame(
        {
            "class": np.arange(classes),
            "examples": np.bincount(dense.label, minlength=classes),
            "dense_recall": recall[0].mean(axis=0),
            "compressed_recall": recall[1].mean(axis=0),
            "change": recall[1].mean(axis=0) - recall[0].mean(axis=0),
            "normalised_change": change,
            "t": t,
            "degrees_of_freedom": freedom,
            "p": p,
            "significant": p < settings.alpha,
            "direction": np.where(t > 0, "gain", np.where(t < 0, "loss", "none")),
        }
    )


def impact(*, study: str, variant: str, shards: list[str], settings: Impact) -> None:
    """The step: read both populations, write `impact/<variant>.csv`."""
    names = class_names(study)
    dense, compressed = (read_population(study, name, shards) for name in ("dense", variant))
    table = class_impact(dense, compressed, classes=len(names), settings=settings)
    table.insert(1, "name", names)
    write_csv(paths.impact(study, variant), table)
