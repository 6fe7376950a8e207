"""The null: how many PIE and significant classes seed noise alone gives.

Two halves of the dense population differ in nothing but their seeds, so what the audit finds between them is noise.
A half has fewer members than the populations that are compared, so its modal labels are noisier: the null of PIE is
an upper estimate.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import write_csv
from lesion.audit.classes import class_names
from lesion.audit.impact import class_impact
from lesion.audit.pie import modal_label, votes
from lesion.audit.populations import Population, read_population
from lesion.errors import InputError
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.seeds import derive_seed


def _part(population: Population, rows: npt.NDArray[np.intp]) -> Population:
    return Population(
        example_id=population.example_id,
        member=population.member[rows],
        label=population.label,
        prediction=population.prediction[rows],
        correct_top5=population.correct_top5[rows],
    )


def halves(population: Population, rng: np.random.Generator) -> tuple[Population, Population]:
    """Two disjoint halves drawn at random; of an odd number of members one is left out."""
    order = rng.permutation(len(population.member))
    half = len(order) // 2
    return _part(population, np.sort(order[:half])), _part(population, np.sort(order[half : 2 * half]))


def null_counts(
    dense: Population, *, classes: int, settings: Impact, splits: int, rng: np.random.Generator
) -> pd.DataFrame:
    """One row a split: members_per_half, pie (count), significant_classes (count).

    Raises
    ------
    InputError
        Where the population has fewer than four members, for each half is tested and needs two.
    """
    if len(dense.member) < 4:
        raise InputError(f"the null needs four dense members at least, there are {len(dense.member)}")
    rows = []
    for split in range(splits):
        one, other = halves(dense, rng)
        (label, _), (label_of_other, _) = (
            modal_label(votes(half.prediction, classes), classes) for half in (one, other)
        )
        table = class_impact(one, other, classes=classes, settings=settings)
        rows.append((split, len(one.member), int((label != label_of_other).sum()), int(table["significant"].sum())))
    return pd.DataFrame(rows, columns=["split", "members_per_half", "pie", "significant_classes"])


def null(*, study: str, shards: list[str], root_seed: int, settings: Impact, halves: Halves) -> None:
    """The step: read the dense population, write `null.csv`."""
    rng = np.random.default_rng(derive_seed(root_seed, study, "null"))
    dense = read_population(study, "dense", shards)
    classes = len(class_names(study))
    write_csv(paths.null(study), null_counts(dense, classes=classes, settings=settings, splits=halves.splits, rng=rng))
