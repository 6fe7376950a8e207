"""The predictions of a population as arrays, members by examples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts import paths
from lesion.artifacts.tables import PREDICTIONS, read_parquet
from lesion.errors import InputError

Labels = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Population:
    """What the members of one (study, variant) say of the test examples.

    Attributes
    ----------
    example_id : int32 (examples,), ascending
    member : int16 (members,), ascending
    label : int16 (examples,), the true classes
    prediction : int16 (members, examples)
    correct_top5 : bool (members, examples)
    """

    example_id: npt.NDArray[np.int32]
    member: npt.NDArray[np.int16]
    label: Labels
    prediction: Labels
    correct_top5: npt.NDArray[np.bool_]

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Whether each member is right: bool (members, examples)."""
        return np.asarray(self.prediction == self.label)


def _column(table: pa.Table, name: str) -> npt.NDArray[Any]:
    return np.asarray(table.column(name).combine_chunks().to_numpy(zero_copy_only=False))


def from_table(table: pa.Table, *, source: str) -> Population:
    """Reshape rows sorted by (member, example_id); `source` names the data in errors.

    Raises
    ------
    InputError
        Where members do not all have the same examples, once each, in order, with the same labels.
    """
    member, example = _column(table, "member"), _column(table, "example_id")
    members, examples = np.unique(member), np.unique(example)
    shape = (len(members), len(examples))
    grid = len(member) == shape[0] * shape[1] and (
        np.array_equal(member, np.repeat(members, shape[1])) and np.array_equal(example, np.tile(examples, shape[0]))
    )
    if not grid or not len(member):
        raise InputError(f"{source}: expected one row for each member and example, sorted by (member, example_id)")
    labels = _column(table, "label").reshape(shape)
    if (labels != labels[0]).any():
        raise InputError(f"{source}: an example has different labels for different members")
    return Population(
        example_id=examples,
        member=members,
        label=labels[0],
        prediction=_column(table, "prediction").reshape(shape),
        correct_top5=_column(table, "correct_top5").reshape(shape),
    )


def read_population(study: str, variant: str, shards: list[str]) -> Population:
    """The members of all `shards`, as one population.

    Raises
    ------
    InputError
        Where a file is missing or malformed, or the same member lies in two shards.
    """
    columns = ["example_id", "member", "label", "prediction", "correct_top5"]
    tables = [read_parquet(paths.predictions(study, variant, shard), PREDICTIONS, columns) for shard in shards]
    table = pa.concat_tables(tables)
    if len(tables) > 1:
        table = table.sort_by([("member", "ascending"), ("example_id", "ascending")])
    return from_table(table, source=f"predictions of {study}, {variant}")


def check_labels(population: Population, classes: int) -> None:
    """True and predicted labels are in [0, classes); InputError otherwise."""
    for name in ("label", "prediction"):
        values = getattr(population, name)
        if values.min() < 0 or values.max() >= classes:
            raise InputError(f"predictions: {name} holds {values.min()} to {values.max()}, 0 to {classes - 1} expected")


def check_comparable(dense: Population, compressed: Population) -> None:
    """Two populations can be compared when they hold the same examples with the same labels.

    Raises
    ------
    InputError
        Otherwise; the message counts the examples that only one of them has.
    """
    if not np.array_equal(dense.example_id, compressed.example_id):
        differing = len(np.setxor1d(dense.example_id, compressed.example_id))
        raise InputError(f"predictions: {differing} example ids are in one population and not in the other")
    if not np.array_equal(dense.label, compressed.label):
        differing = int((dense.label != compressed.label).sum())
        raise InputError(f"predictions: {differing} examples have another label in the other population")
