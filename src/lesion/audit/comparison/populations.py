"""The predictions of a population as arrays, members by examples."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts.tables import PREDICTIONS, read_facts, read_parquet
from lesion.errors import InputError
from lesion.params.design import Design

Labels = npt.NDArray[np.integer]
Origins = tuple[int | str, ...]


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
    confidence : float32 (members, examples), the probability of the answer given; or None
    origins : what each member was trained from, in order: the seed of its initialisation, or the digest of the file
        that it was taken from; those of its parent for a derived member. None: not known
    names : what a file calls the members, names or numbers, in order; None where it does not tell
    """

    example_id: npt.NDArray[np.integer]
    member: npt.NDArray[np.integer]
    label: Labels | None
    prediction: Labels
    correct_top5: npt.NDArray[np.bool_] | None = None
    true_probability: npt.NDArray[np.float32] | None = None
    origins: Origins | None = None
    confidence: npt.NDArray[np.float32] | None = None
    names: tuple[str, ...] | None = None

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


def _measured(table: pa.Table, name: str, shape: tuple[int, int], source: str) -> npt.NDArray[Any] | None:
    """An optional column; None where it is empty in all rows, as in predictions that were made elsewhere."""
    values = table.column(name)
    if values.null_count == len(values):
        return None
    if values.null_count:
        raise InputError(f"{source}: column {name} is empty in {values.null_count} of {len(values)} rows")
    return _column(table, name).reshape(shape)


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
        correct_top5=_measured(table, "correct_top5", shape, source),
        true_probability=_measured(table, "true_probability", shape, source),
        confidence=_measured(table, "confidence", shape, source),
    )


def read_origins(files: Iterable[Path], *, members: int) -> Origins | None:
    """What the members in these files were trained from, as their metadata tell it, in order of the members.

    None where it is not told of each of the `members`.
    """
    found = {}
    for path in files:
        for member, known in read_facts(path).get("members", {}).items():
            found[int(member)] = known.get("initialisation", known.get("sha256"))
    origins = tuple(found[member] for member in sorted(found))
    return None if len(origins) != members or None in origins else origins


def read_population(files: Sequence[Path]) -> Population:
    """The members of all files of a population, which are its shards, as one.

    Raises
    ------
    InputError
        Where a file is missing or malformed, or the same member lies in two files.
    """
    columns = ["example_id", "member", "label", "prediction", "correct_top5", "confidence", "true_probability"]
    tables = [read_parquet(path, PREDICTIONS, columns) for path in files]
    table = pa.concat_tables(tables)
    if len(tables) > 1:
        table = table.sort_by([("member", "ascending"), ("example_id", "ascending")])
    others = f" and {len(files) - 1} more" if len(files) > 1 else ""
    population = from_table(table, source=f"{files[0]}{others}")
    return replace(population, origins=read_origins(files, members=len(population.member)))


def is_paired(dense: Origins | None, compressed: Origins | None, members: tuple[int, int], design: Design) -> bool:
    """Whether member k of both populations belong together, and are tested as pairs.

    Parameters
    ----------
    dense, compressed : what the members of each were trained from
    members : how many there are of each

    Raises
    ------
    InputError
        Where `design` asks for pairs and the populations have other numbers of members.
    """
    if design == "paired" and members[0] != members[1]:
        raise InputError(f"pairs need as many compressed members as dense, there are {members[1]} and {members[0]}")
    shared = dense is not None and dense == compressed
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
