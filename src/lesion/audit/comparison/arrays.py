"""Plain arrays made populations: checked, and with classes renumbered so that only those that occur take space."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.audit.comparison.populations import Population, check_labels
from lesion.audit.comparison.probability import clipped, is_probability
from lesion.errors import InputError

Groups = Mapping[str, Any] | Any  # or a DataFrame, which has no types
Pair = tuple[Population, Population]
Sides = tuple[npt.ArrayLike | None, npt.ArrayLike | None]
SIDES = ("dense", "compressed")


@dataclass(frozen=True)
class Coded:
    """Two populations whose classes are 0 to `len(classes)` − 1; class k was given as `classes[k]`, ascending."""

    pair: Pair
    classes: npt.NDArray[np.integer]


def _class_ids(name: str, values: npt.ArrayLike) -> npt.NDArray[np.integer]:
    array = np.asarray(values)
    if not array.size:
        raise InputError(f"{name}: holds nothing")
    if array.dtype == bool:
        array = array.astype(np.int8)
    if not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"{name}: is of type {array.dtype}, integers expected")
    if array.min() < 0:
        raise InputError(f"{name}: holds {array.min()}; class ids are 0 and up")
    return array


def _predictions(name: str, values: npt.ArrayLike) -> npt.NDArray[np.integer]:
    array = np.atleast_2d(_class_ids(name, values))
    if array.ndim != 2:
        raise InputError(f"{name}: has {array.ndim} dimensions, (members, examples) or (examples,) expected")
    return array


def _beside(name: str, values: npt.ArrayLike | None, shape: tuple[int, int]) -> npt.NDArray[Any] | None:
    if values is None:
        return None
    array = np.atleast_2d(np.asarray(values))
    if array.shape != shape:
        raise InputError(f"{name}: has the shape {array.shape}, that of the predictions, {shape}, expected")
    return array


def _probability(name: str, values: npt.ArrayLike | None, shape: tuple[int, int]) -> npt.NDArray[np.float32] | None:
    array = _beside(name, values, shape)
    if array is None:
        return None
    if not np.issubdtype(array.dtype, np.number) or not is_probability(array).all():
        raise InputError(f"{name}: numbers of 0 to 1 expected")
    return clipped(array)


def _flags(name: str, values: npt.ArrayLike | None, shape: tuple[int, int]) -> npt.NDArray[np.bool_] | None:
    array = _beside(name, values, shape)
    if array is not None and array.dtype != bool:
        raise InputError(f"{name}: is of type {array.dtype}, true or false expected")
    return array


def populations(
    dense: npt.ArrayLike,
    compressed: npt.ArrayLike,
    label: npt.ArrayLike | None,
    *,
    classes: int | None,
    true_probability: Sides,
    correct_top5: Sides,
) -> Pair:
    """Two populations of the same examples, which are numbered in the order given.

    Parameters
    ----------
    dense, compressed : int (members, examples) or (examples,)
    label : int (examples,), or None
    classes : how many there are, or None
    true_probability, correct_top5 : of each side, of the shape of its predictions

    Raises
    ------
    InputError
        Where an array is no such thing.
    """
    said = [_predictions(name, values) for name, values in zip(SIDES, (dense, compressed), strict=True)]
    examples = said[0].shape[1]
    if said[1].shape[1] != examples:
        raise InputError(f"compressed: has {said[1].shape[1]} examples, dense has {examples}")
    known = None if label is None else _class_ids("label", label)
    if known is not None and known.shape != (examples,):
        raise InputError(f"label: has the shape {known.shape}, {(examples,)} expected")
    one, other = (
        Population(
            np.arange(examples),
            np.arange(len(prediction)),
            known,
            prediction,
            _flags(f"correct_top5 of {name}", top5, prediction.shape),
            _probability(f"true_probability of {name}", probability, prediction.shape),
        )
        for name, prediction, top5, probability in zip(SIDES, said, correct_top5, true_probability, strict=True)
    )
    if classes is not None:
        check_labels(one, classes)
        check_labels(other, classes)
    return one, other


def example_ids(values: npt.ArrayLike | None, examples: int) -> npt.NDArray[Any]:
    """The ids of the examples, each once; 0, 1, … where none are given."""
    ids = np.arange(examples) if values is None else np.asarray(values)
    if ids.shape != (examples,):
        raise InputError(f"example_id: has the shape {ids.shape}, {(examples,)} expected")
    if (twice := pd.Index(ids).duplicated()).any():
        raise InputError(f"example_id: {ids[np.argmax(twice)]} is there twice, once expected")
    return ids


def group_texts(groups: Groups | None, examples: int) -> dict[str, npt.NDArray[np.object_]]:
    """The attributes of the examples as text, each (examples,)."""
    columns = {} if groups is None else {str(name): np.asarray(values) for name, values in groups.items()}
    for name, values in columns.items():
        if values.shape != (examples,):
            raise InputError(f"groups: {name} has the shape {values.shape}, {(examples,)} expected")
        if pd.isna(values).any():
            raise InputError(f"groups: {name} has no value for {int(pd.isna(values).sum())} examples")
    return {name: values.astype(str).astype(object) for name, values in columns.items()}


def coded(pair: Pair) -> Coded:
    """Renumber the classes that occur as labels or predictions; their order stays, for ties go to the largest."""
    arrays = [one.prediction for one in pair] + [one.label for one in pair[:1] if one.label is not None]
    classes = np.unique(np.concatenate([np.unique(values) for values in arrays]))

    def renumbered(one: Population) -> Population:
        label = None if one.label is None else np.searchsorted(classes, one.label)
        return replace(one, prediction=np.searchsorted(classes, one.prediction).astype(np.int32), label=label)

    return Coded((renumbered(pair[0]), renumbered(pair[1])), classes)


def labelled_classes(said: Coded) -> Coded | None:
    """Only the classes that test examples have, for what is said of each class; None where there are not two.

    A prediction of another class is put down as some wrong one: of a class, only right and wrong are counted.
    """
    label = said.pair[0].label
    if label is None:
        return None
    present, known = np.unique(label, return_inverse=True)
    if len(present) < 2:
        return None
    if len(present) == len(said.classes):
        return said

    def renumbered(one: Population) -> Population:
        wrong = (known + 1) % len(present)
        return replace(one, label=known, prediction=np.where(one.prediction == label, known, wrong).astype(np.int32))

    return Coded((renumbered(said.pair[0]), renumbered(said.pair[1])), said.classes[present])
