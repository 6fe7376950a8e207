"""A comparison of plain arrays: checked, and with classes renumbered so that only those that are known take space."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.class_ids import arrow, class_ids
from lesion.audit.comparison.clusters import codes
from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.comparison.files.cells import Cells
from lesion.audit.comparison.files.columns import MISSING
from lesion.audit.comparison.frames import columns_of
from lesion.audit.comparison.populations import Population, check_labels
from lesion.audit.comparison.probability import clipped, is_probability
from lesion.audit.comparison.sanity.check import checked
from lesion.errors import InputError
from lesion.params.design import Design

Groups = Mapping[str, Any] | Any  # or a DataFrame, which has no types
Sides = tuple[npt.ArrayLike | None, npt.ArrayLike | None]


def _predictions(name: str, array: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    prediction = np.atleast_2d(array)
    if prediction.ndim != 2:
        raise InputError(f"{name}: has {array.ndim} dimensions, (members, examples) or (examples,) expected")
    return prediction


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
    class_names: Sequence[str] | None = None,
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
    dense, compressed : (members, examples), or (examples,) for a single model; class ids of 0 and up, or names
    label : (examples,), the true classes, where they are known; as in the predictions
    example_id : integers or text (examples,), each once; 0, 1, … without
    groups : name of an attribute → its values (examples,), or a DataFrame with such columns
    classes : how many there are; without, those that occur
    class_names : what people call the classes 0, 1, …, or in which order names stand
    true_probability, correct_top5 : for dense and for compressed, of the shape of their predictions
    confidence : probability of the answer given, for dense and for compressed, of the shape of their predictions
    cluster : integers or text (examples,): examples with the same value belong together
    design, seed, study, variant : as in `Comparison`

    Raises
    ------
    InputError
        Where an array is no such thing; the message names it.
    """
    given = {"dense": dense, "compressed": compressed} | ({} if label is None else {"label": label})
    found = class_ids(given, class_names)
    said = [_predictions(name, found.arrays[name]) for name in SIDES]
    examples = said[0].shape[1]
    if said[1].shape[1] != examples:
        raise InputError(f"compressed: has {said[1].shape[1]} examples, dense has {examples}")
    known = found.arrays.get("label")
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
    more: dict[str, Any] = {
        "example_id": _example_ids(example_id, examples),
        "groups": _group_texts(groups, examples),
        "cluster": _clusters(cluster, examples),
        "design": design,
        "seed": seed,
        "study": study,
        "variant": variant,
    }
    if found.called is not None:
        return checked(Comparison(populations[0], populations[1], np.array(found.called, dtype=object), **more))
    if found.names is not None:
        classes = _count(classes, found.names)
    return checked(
        of_populations(populations[0], populations[1], classes=classes, names=found.names, **more),
        known=classes is not None,
    )


def _count(classes: int | None, names: Sequence[str]) -> int:
    if classes not in (None, len(names)):
        raise InputError(f"class_names: are {len(names)}, and classes is {classes}; the same expected")
    return len(names)


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
    """The attributes of the examples as text in the spelling of files, each (examples,)."""
    columns = {} if groups is None else {name: np.asarray(values) for name, values in columns_of(groups).items()}
    for name, values in columns.items():
        if values.shape != (examples,):
            raise InputError(f"groups: {name} has the shape {values.shape}, {(examples,)} expected")
    return {name: _texts(values) for name, values in columns.items()}


def _texts(values: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
    cells = Cells(arrow(values))
    texts = cells.values.cast(pa.string()).fill_null(MISSING).to_numpy(zero_copy_only=False)
    return np.asarray(texts if cells.places is None else texts[cells.places], dtype=object)
