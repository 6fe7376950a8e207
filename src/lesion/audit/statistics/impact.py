"""Class-level impact: the classes that compression hits more, or less, than accuracy as a whole.

Hooker et al., arXiv 1911.05248, section 3.1: a Welch t-test for each class on normalised recall.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import write_csv
from lesion.audit.comparison.classes import class_names
from lesion.audit.comparison.populations import Population, check_comparable, check_labels, is_paired, read_population
from lesion.audit.inference.effects import by_stratum, changes
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.significance import t_test
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.impact import Impact, Normalise

Floats = npt.NDArray[np.float64]


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
    order, totals, starts = by_stratum(label, classes)
    hits = np.add.reduceat(correct[:, order], starts, axis=1, dtype=np.int64)
    return np.asarray(hits / totals)


def normalised(recall: Floats, accuracy: Floats, normalise: Normalise, *, paired: bool) -> Floats:
    """Recall relative to accuracy: minus the population's mean accuracy (the paper), or minus each member's own.

    Pairs take each member's own whatever `normalise` says: most classes of a pair often change by nothing at all, and
    less a constant they would differ from it without any variance, so that each had p = 0.

    Parameters
    ----------
    recall : float64 (members, classes)
    accuracy : float64 (members,)
    """
    return recall - (accuracy.mean() if normalise == "population" and not paired else accuracy[:, None])


def check_tested(dense: Population, compressed: Population, classes: int) -> None:
    """Raise InputError where a population has fewer than two members, or the two cannot be compared."""
    for population, name in ((dense, "dense"), (compressed, "compressed")):
        if len(population.member) < 2:
            raise InputError(f"a t-test needs two members at least, the {name} population has {len(population.member)}")
    check_comparable(dense, compressed)
    for population in (dense, compressed):
        check_labels(population, classes)


def recall_changes(dense: Population, compressed: Population, *, classes: int, paired: bool) -> pd.DataFrame:
    """One row a class: what can be said without a test, of single models too.

    Columns: class, examples, dense_recall, compressed_recall, change (of recall) and normalised_change (of recall minus
    accuracy), each with the ends of its 95 % interval (`effects`); of single models that is over examples alone.
    """
    label, correct = dense.known_label, [population.correct for population in (dense, compressed)]
    before, after = (recalls(right, label, classes).mean(axis=0) for right in correct)
    change, normalised_change = changes(correct[0], correct[1], label, classes, paired=paired)
    return pd.DataFrame(
        {
            "class": np.arange(classes),
            "examples": np.bincount(label, minlength=classes),
            "dense_recall": before,
            "compressed_recall": after,
            "change": change.mean,
            "change_low": change.low,
            "change_high": change.high,
            "normalised_change": normalised_change.mean,
            "normalised_change_low": normalised_change.low,
            "normalised_change_high": normalised_change.high,
        }
    )


def class_impact(
    dense: Population, compressed: Population, *, classes: int, settings: Impact, design: Design = "auto"
) -> pd.DataFrame:
    """One row a class: the columns of `recall_changes`, and a test of the change relative to accuracy.

    Columns: test (welch or paired), t, degrees_of_freedom, p, q (Benjamini–Hochberg over the classes), significant
    (p < alpha, uncorrected, as in the paper), significant_fdr (q < alpha), direction.

    Raises
    ------
    InputError
        Where a population has fewer than two members, the populations differ in examples, or a class has none.
    """
    check_tested(dense, compressed, classes)
    paired, label = is_paired(dense, compressed, design), dense.known_label
    before, after = (
        normalised(recalls(right, label, classes), right.mean(axis=1), settings.normalise, paired=paired)
        for right in (dense.correct, compressed.correct)
    )
    tested = t_test(after, before, paired=paired)
    q = q_values(tested.p)
    return recall_changes(dense, compressed, classes=classes, paired=paired).assign(
        test="paired" if paired else "welch",
        t=tested.t,
        degrees_of_freedom=tested.degrees_of_freedom,
        p=tested.p,
        q=q,
        significant=tested.p < settings.alpha,
        significant_fdr=q < settings.alpha,
        direction=np.where(tested.t > 0, "gain", np.where(tested.t < 0, "loss", "none")),
    )


def impact(*, study: str, variant: str, shards: list[str], settings: Impact, design: Design) -> None:
    """The step: read both populations, write `impact/<variant>.csv`."""
    names = class_names(study)
    dense, compressed = (read_population(study, name, shards) for name in ("dense", variant))
    table = class_impact(dense, compressed, classes=len(names), settings=settings, design=design)
    table.insert(1, "name", names)
    write_csv(paths.impact(study, variant), table)
