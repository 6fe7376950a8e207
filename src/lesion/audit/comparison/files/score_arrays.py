"""Arrays of what models give every class, as the rows of a table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.audit.comparison.files.scores import TOP, among_first, odd_rows, said_odd, softmax
from lesion.errors import InputError

ROWS = 2**10  # of scores that are looked at together

Array = npt.NDArray[Any]


def cube(path: Path, name: str, scores: Array) -> Array:
    """The scores as (members, examples, classes).

    Raises
    ------
    InputError
        Where they have other dimensions.
    """
    if (
        scores.ndim not in (2, 3)
        or not scores.size
        or scores.shape[-1] < 2
        or not np.issubdtype(scores.dtype, np.number)
    ):
        raise InputError(
            f"{path}: {name} holds {scores.dtype} {scores.shape}; numbers (examples, classes) or (members, examples,"
            " classes) expected"
        )
    return scores if scores.ndim == 3 else scores[None]


def answers(path: Path, name: str, scores: Array, label: Array | None, *, logits: bool) -> dict[str, Array]:
    """Of each member and example: prediction, confidence, and where labels are known true_probability, correct_top5.

    Parameters
    ----------
    scores : (members, examples, classes)
    label : int (examples,)

    Raises
    ------
    InputError
        Where scores are no probabilities of classes, or no logits.
    """
    members, examples, classes = scores.shape
    found: dict[str, Array] = {
        "prediction": np.empty((members, examples), dtype=np.int64),
        "confidence": np.empty((members, examples), dtype=np.float32),
    }
    if label is not None:
        found["true_probability"] = np.empty((members, examples), dtype=np.float32)
        if classes > TOP:
            found["correct_top5"] = np.empty((members, examples), dtype=bool)
    for member in range(members):
        for start in range(0, examples, ROWS):
            here = slice(start, start + ROWS)
            given = np.asarray(scores[member, here], dtype=np.float64)
            if (odd := odd_rows(given, logits=logits)).any():
                row = int(np.argmax(odd))
                raise InputError(f"{path}: {name} of example {start + row} {said_odd(given[row], logits)}")
            probability = softmax(given) if logits else given
            answer = given.argmax(axis=1)
            found["prediction"][member, here] = answer
            found["confidence"][member, here] = np.take_along_axis(probability, answer[:, None], axis=1)[:, 0]
            if label is not None:
                _beside(found, member, here, given, probability, label[here])
    return found


def _beside(
    found: Mapping[str, Array], member: int, here: slice, given: Array, probability: Array, label: Array
) -> None:
    """What is known of the label: nothing is given to one that is no class of the scores."""
    known = (label >= 0) & (label < given.shape[1])
    place = np.where(known, label, 0).astype(np.int64)
    found["true_probability"][member, here] = np.where(
        known, np.take_along_axis(probability, place[:, None], 1)[:, 0], 0
    )
    if "correct_top5" in found:
        found["correct_top5"][member, here] = known & among_first(given, place)


def rows(found: Mapping[str, Array], of_members: Mapping[str, Array], of_examples: Mapping[str, Array]) -> pa.Table:
    """A row a member and example.

    Parameters
    ----------
    found : (members, examples)
    of_members : (members,)
    of_examples : (examples,)
    """
    members, examples = found["prediction"].shape
    columns = {name: values.ravel() for name, values in found.items()}
    columns |= {name: np.repeat(values, examples) for name, values in of_members.items()}
    columns |= {name: np.tile(values, members) for name, values in of_examples.items()}
    return pa.table({name: pa.array(values) for name, values in columns.items()})
