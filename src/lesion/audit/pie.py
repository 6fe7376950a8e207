"""Pruning Identified Exemplars: examples whose modal label differs between two populations.

Hooker et al., arXiv 1911.05248, section 3.2; the taxicab distance is that of arXiv 2010.03058.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts import paths
from lesion.artifacts.tables import PIE, write_parquet
from lesion.audit.classes import class_names
from lesion.audit.populations import Population, check_comparable, check_labels, read_population


@dataclass(frozen=True)
class Votes:
    """How many members give which label to each example; labels that an example gets from nobody are left out.

    With 1,000 classes a full table would be almost all zeros.

    Attributes
    ----------
    example : int64 (k,), position of the example, ascending
    label : int64 (k,), ascending within an example
    count : int64 (k,), at least 1; those of an example sum to `members`
    members : how many members vote
    """

    example: npt.NDArray[np.int64]
    label: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]
    members: int

    @property
    def first(self) -> npt.NDArray[np.int64]:
        """Where each example's entries begin: int64 (examples,)."""
        return np.flatnonzero(np.diff(self.example, prepend=-1))


def votes(prediction: npt.NDArray[np.integer], classes: int) -> Votes:
    """Count the labels of each example.

    Parameters
    ----------
    prediction : int (members, examples), each in [0, classes)
    """
    members, examples = prediction.shape
    codes, count = np.unique(np.arange(examples, dtype=np.int64) * classes + prediction, return_counts=True)
    return Votes(codes // classes, codes % classes, count, members)


def modal_label(cast: Votes, classes: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """The label that most members give, ties to the largest class id, and the share of members that give it.

    Returns
    -------
    int16 (examples,), float32 (examples,)
    """
    best = np.maximum.reduceat(cast.count * classes + cast.label, cast.first)
    return (best % classes).astype(np.int16), (best // classes / cast.members).astype(np.float32)


def taxicab(one: Votes, other: Votes, classes: int) -> npt.NDArray[np.float32]:
    """L1 distance, in [0, 2], between two populations' distributions of labels: float32 (examples,)."""
    codes = np.concatenate([votes.example * classes + votes.label for votes in (one, other)])
    shares = np.concatenate([one.count / one.members, -other.count / other.members])
    union, entry = np.unique(codes, return_inverse=True)
    difference = np.abs(np.bincount(entry, weights=shares))
    return np.bincount(union // classes, weights=difference).astype(np.float32)


def grade(dense: Population, compressed: Population, *, classes: int) -> pa.Table:
    """Every example with both modal labels, the share of members that give them, the distance and the PIE flag.

    Raises
    ------
    InputError
        Where the populations do not hold the same examples.
    """
    check_comparable(dense, compressed)
    for population in (dense, compressed):
        check_labels(population, classes)
    before, after = (votes(population.prediction, classes) for population in (dense, compressed))
    (dense_label, dense_share), (label, share) = modal_label(before, classes), modal_label(after, classes)
    columns = {
        "example_id": dense.example_id,
        "label": dense.label,
        "dense_label": dense_label,
        "compressed_label": label,
        "dense_share": dense_share,
        "compressed_share": share,
        "taxicab": taxicab(before, after, classes),
        "pie": dense_label != label,
    }
    return pa.table(columns, schema=PIE)


def pie(*, study: str, variant: str, shards: list[str]) -> None:
    """The step: read both populations, write `pie/<variant>.parquet`."""
    dense, compressed = (read_population(study, name, shards) for name in ("dense", variant))
    table = grade(dense, compressed, classes=len(class_names(study)))
    write_parquet(paths.pie(study, variant), table, study=study, variant=variant, shards=shards)
