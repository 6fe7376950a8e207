"""A comparison of plain arrays: checked, and with classes renumbered so that only those that are known take space."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.audit.comparison.clusters import codes
from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.comparison.populations import Population, check_labels
from lesion.audit.comparison.probability import clipped, is_probability
from lesion.audit.comparison.sanity.check import checked
from lesion.errors import InputError
from lesion.params.design import Design

Groups = Mapping[str, Any] | Any  # or a DataFrame, which has no types
Sides = tuple[npt.ArrayLike | None, npt.ArrayLike | None]


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


def from_arrays(
    dense: npt.ArrayLike,
    compressed: npt.ArrayLike,
    label: npt.ArrayLike | None = None,
    *,
    example_id: npt.ArrayLike | None = None,
    groups: Groups | None = None,
    classes: int | None = None,
    true_probability: Sides = (None, None),
    correct_top5: Sides = (None, None),
    confidence: Sides = (None, None),
    cluster: npt.ArrayLike | None = None,
    design: Design = "auto",
    seed: int = 0,
    study: str = "",
    variant: str = "",
) -> Comparison:
    """Two populations of the same examples.

    Parameters
    ----------
    dense, compressed : int (members, examples), or (examples,) for a single model; class ids of 0 and up
    label : int (examples,), the true classes, where they are known
    example_id : integers or text (examples,), each once; 0, 1, … without
    groups : name of an attribute → its values (examples,), or a DataFrame with such columns
    classes : how many there are; without, those that occur
    true_probability, correct_top5 : for dense and for compressed, of the shape of their predictions
    confidence : probability of the answer given, for dense and for compressed, of the shape of their predictions
    cluster : integers or text (examples,): examples with the same value belong together
    design, seed, study, variant : as in `Comparison`

    Raises
    ------
    InputError
        Where an array is no such thing; the message names it.
    """
    said = [_predictions(name, values) for name, values in zip(SIDES, (dense, compressed), strict=True)]
    examples = said[0].shape[1]
    if said[1].shape[1] != examples:
        raise InputError(f"compressed: has {said[1].shape[1]} examples, dense has {examples}")
    known = None if label is None else _class_ids("label", label)
    if known is not None and known.shape != (examples,):
        raise InputError(f"label: has the shape {known.shape}, {(examples,)} expected")
    populations = [
        Population(
            np.arange(examples),
            np.arange(len(prediction)),
            known,
            prediction,
            _flags(f"correct_top5 of {name}", top5, prediction.shape),
            _probability(f"true_probability of {name}", true, prediction.shape),
            confidence=_probability(f"confidence of {name}", sure, prediction.shape),
        )
        for name, prediction, top5, true, sure in zip(
            SIDES, said, correct_top5, true_probability, confidence, strict=True
        )
    ]
    comparison = of_populations(
        *populations,
        example_id=_example_ids(example_id, examples),
        groups=_group_texts(groups, examples),
        classes=classes,
        cluster=_clusters(cluster, examples),
        design=design,
        seed=seed,
        study=study,
        variant=variant,
    )
    return checked(comparison, known=classes is not None)


def of_populations(dense: Population, compressed: Population, *, classes: int | None, **known: Any) -> Comparison:
    """A comparison of populations whose classes are any integers of 0 and up.

    Parameters
    ----------
    classes : how many there are; None: those that occur as labels or predictions
    known : the rest of a `Comparison`
    """
    given = [dense, compressed]
    if classes is None:
        arrays = [one.prediction for one in given] + [one.label for one in given if one.label is not None]
        ids = np.unique(np.concatenate([np.unique(values) for values in arrays]))
    else:
        ids = np.arange(classes)
        for one in given:
            check_labels(one, classes)

    def renumbered(one: Population) -> Population:
        """Their order stays, for ties go to the largest."""
        label = None if one.label is None else np.searchsorted(ids, one.label)
        return replace(one, prediction=np.searchsorted(ids, one.prediction).astype(np.int32), label=label)

    return Comparison(renumbered(dense), renumbered(compressed), ids, **known)


def _example_ids(values: npt.ArrayLike | None, examples: int) -> npt.NDArray[Any]:
    """The ids of the examples, each once; 0, 1, … where none are given."""
    ids = np.arange(examples) if values is None else np.asarray(values)
    if ids.shape != (examples,):
        raise InputError(f"example_id: has the shape {ids.shape}, {(examples,)} expected")
    if (twice := pd.Index(ids).duplicated()).any():
        raise InputError(f"example_id: {ids[np.argmax(twice)]} is there twice, once expected")
    return ids


def _clusters(values: npt.ArrayLike | None, examples: int) -> npt.NDArray[np.int64] | None:
    if values is None:
        return None
    array = np.asarray(values)
    if array.shape != (examples,):
        raise InputError(f"cluster: has the shape {array.shape}, {(examples,)} expected")
    if (missing := pd.isna(array)).any():
        raise InputError(
            f"cluster: is missing for {int(missing.sum())} examples, the first at place {missing.argmax()}"
        )
    return codes(array)


def _group_texts(groups: Groups | None, examples: int) -> dict[str, npt.NDArray[np.object_]]:
    """The attributes of the examples as text, each (examples,)."""
    columns = {} if groups is None else {str(name): np.asarray(values) for name, values in groups.items()}
    for name, values in columns.items():
        if values.shape != (examples,):
            raise InputError(f"groups: {name} has the shape {values.shape}, {(examples,)} expected")
        if pd.isna(values).any():
            raise InputError(f"groups: {name} has no value for {int(pd.isna(values).sum())} examples")
    return {name: values.astype(str).astype(object) for name, values in columns.items()}
