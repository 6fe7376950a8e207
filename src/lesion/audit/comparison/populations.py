"""The predictions of a population as arrays, members by examples."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts import paths
from lesion.artifacts.tables import PREDICTIONS, read_facts, read_parquet
from lesion.errors import InputError
from lesion.params.design import Design

Labels = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Population:
    """What the members of one (study, variant) say of the test examples.

    Attributes
    ----------
    example_id : int (examples,), ascending
    member : int (members,), ascending
    label : int (examples,), the true classes; None where they are not known
    prediction : int (members, examples)
    correct_top5 : bool (members, examples), or None
    true_probability : float32 (members, examples), of the true class; or None
    seeds : what the members were trained from, in order; those of its parent for a derived member. None: not known
    """

    example_id: npt.NDArray[np.integer]
    member: npt.NDArray[np.integer]
    label: Labels | None
    prediction: Labels
    correct_top5: npt.NDArray[np.bool_] | None = None
    true_probability: npt.NDArray[np.float32] | None = None
    seeds: tuple[int, ...] | None = None

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Whether each member is right: bool (members, examples); InputError where labels are not known."""
        return np.asarray(self.prediction == self.known_label)

    @property
    def known_label(self) -> Labels:
        """The true classes: int (examples,); InputError where they are not known."""
        if self.label is None:
            raise InputError("predictions: the true labels are needed for this, there are none")
        return self.label

    @property
    def known_top5(self) -> npt.NDArray[np.bool_]:
        """Whether the true class is among each member's five: bool (members, examples); InputError where not known."""
        if self.correct_top5 is None:
            raise InputError("predictions: whether the true class is among the first five is needed for this")
        return self.correct_top5


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
        true_probability=_column(table, "true_probability").reshape(shape),
    )


def read_seeds(files: Iterable[Path]) -> tuple[int, ...] | None:
    """What the members in these files were trained from, as their metadata tell it, in order of the members."""
    members = {}
    for path in files:
        for member, known in read_facts(path).get("members", {}).items():
            members[int(member)] = known.get("initialisation")
    seeds = tuple(members[member] for member in sorted(members))
    return None if not seeds or None in seeds else seeds


def read_population(study: str, variant: str, shards: list[str]) -> Population:
    """The members of all `shards`, as one population.

    Raises
    ------
    InputError
        Where a file is missing or malformed, or the same member lies in two shards.
    """
    columns = ["example_id", "member", "label", "prediction", "correct_top5", "true_probability"]
    files = [paths.predictions(study, variant, shard) for shard in shards]
    tables = [read_parquet(path, PREDICTIONS, columns) for path in files]
    table = pa.concat_tables(tables)
    if len(tables) > 1:
        table = table.sort_by([("member", "ascending"), ("example_id", "ascending")])
    population = from_table(table, source=f"predictions of {study}, {variant}")
    return replace(population, seeds=read_seeds(files))


def is_paired(dense: Population, compressed: Population, design: Design) -> bool:
    """Whether member k of both populations belong together, and are tested as pairs.

    Raises
    ------
    InputError
        Where `design` asks for pairs and the populations have other numbers of members.
    """
    if design == "paired" and len(dense.member) != len(compressed.member):
        count = f"{len(compressed.member)} and {len(dense.member)}"
        raise InputError(f"pairs need as many compressed members as dense, there are {count}")
    shared = dense.seeds is not None and dense.seeds == compressed.seeds
    return design == "paired" or (design == "auto" and shared)


def check_labels(population: Population, classes: int) -> None:
    """True and predicted labels are in [0, classes); InputError otherwise."""
    for name in ("label", "prediction"):
        values = getattr(population, name)
        if values is None:
            continue
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
    if dense.label is None or compressed.label is None:
        return
    if not np.array_equal(dense.label, compressed.label):
        differing = int((dense.label != compressed.label).sum())
        raise InputError(f"predictions: {differing} examples have another label in the other population")
