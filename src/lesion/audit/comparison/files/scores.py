"""What a model gives every class, as probabilities or logits, turned into its answer and how sure it is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lesion.audit.comparison.files.cells import Cells, numbers
from lesion.audit.comparison.probability import is_probability
from lesion.errors import InputError

LISTS = {"probabilities": False, "logits": True}
"""Columns of lists, one number a class, and whether they are logits."""

OF_CLASS = re.compile(r"p_(.+)")
SUM = 0.01  # how far the sum of probabilities may be from one; float16 rounds each by a 2000th
TOP = 5

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Where a table holds scores.

    Attributes
    ----------
    columns : one column of lists, or a column a class
    classes : the names of the classes; None where they are 0, 1, … in order of the lists
    logits : whether they are logits rather than probabilities
    """

    columns: tuple[str, ...]
    classes: tuple[str, ...] | None
    logits: bool


def score_columns(path: Path, names: Sequence[str], types: Mapping[str, pa.DataType]) -> Scores | None:
    """The columns of scores of a table, by their names; None where there are none.

    Raises
    ------
    InputError
        Where `probabilities` or `logits` holds no lists of numbers.
    """
    for name, logits in LISTS.items():
        if name not in names:
            continue
        kind = types[name]
        if not _is_list(kind):
            raise InputError(f"{path}: column {name} holds {kind}; lists of numbers, one number a class, expected")
        return Scores((name,), None, logits)
    columns = [name for name in names if OF_CLASS.fullmatch(name)]
    return Scores(tuple(columns), tuple(name[2:] for name in columns), False) if len(columns) > 1 else None


def _is_list(kind: pa.DataType) -> bool:
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    number = lists and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))
    return bool(number)


class Answers:
    """Answers of the rows of a file, block by block; it remembers how many classes there are.

    Raises
    ------
    InputError
        Where scores are no probabilities or logits, or are of another number of classes; named by an instance.
    """

    def __init__(self, path: Path, scores: Scores) -> None:
        self.path, self.scores = path, scores
        self._classes: int | None = None if scores.classes is None else len(scores.classes)
        self._named = None if scores.classes is None else Cells(pa.array(scores.classes)).values.cast(pa.string())

    def of(self, columns: Mapping[str, pa.Array], ids: Cells, label: Cells | None) -> dict[str, Cells]:
        """The columns prediction, confidence and, where the label is known, true_probability and correct_top5."""
        given = self._matrix(columns, ids)
        odd = odd_rows(given, logits=self.scores.logits)
        if odd.any():
            row = int(np.argmax(odd))
            raise InputError(
                f"{self.path}: {self._what()} of example {ids[row]} {said_odd(given[row], self.scores.logits)}"
            )
        probability = softmax(given) if self.scores.logits else given
        answer = given.argmax(axis=1)
        names = self._named
        prediction = pa.array(answer) if names is None else names.take(pa.array(answer))
        found = {"prediction": prediction, "confidence": probability[np.arange(len(answer)), answer]}
        if label is not None:
            found |= self._of_label(given, probability, self._places(label))
        return {name: Cells(pa.array(values)) for name, values in found.items()}

    def _what(self) -> str:
        return self.scores.columns[0] if self.scores.classes is None else "columns p_…"

    def _matrix(self, columns: Mapping[str, pa.Array], ids: Cells) -> Floats:
        """(rows, classes); NaN where there is no number."""
        if self.scores.classes is not None:
            return np.stack([numbers(columns[name]).astype(np.float64) for name in self.scores.columns], axis=1)
        lists = columns[self.scores.columns[0]]
        length = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
        if self._classes is None:
            self._classes = int(length[0])
        if (odd := (length != self._classes) | (length < 2)).any():
            row = int(np.argmax(odd))
            expected = f"{self._classes} as for other examples" if self._classes > 1 else "two classes or more"
            raise InputError(
                f"{self.path}: {self._what()} of example {ids[row]} holds {length[row]} numbers, {expected} expected"
            )
        return np.asarray(numbers(lists.flatten()), dtype=np.float64).reshape(len(lists), self._classes)

    def _places(self, label: Cells) -> npt.NDArray[np.int64]:
        """Place of each row's label among the classes; −1 for another."""
        names = pa.array(range(self._classes or 0), pa.int64()) if self._named is None else self._named
        values = label.values if self._named is None else label.values.cast(pa.string())
        if values.type != names.type:
            return np.full(len(label), -1)
        place = pc.index_in(values, value_set=names).fill_null(-1).to_numpy()
        return np.asarray(place if label.places is None else place[label.places], dtype=np.int64)

    @staticmethod
    def _of_label(
        given: Floats, probability: Floats, place: npt.NDArray[np.int64]
    ) -> dict[str, npt.NDArray[np.float64] | npt.NDArray[np.bool_]]:
        known, row = place >= 0, np.arange(len(place))
        found: dict[str, npt.NDArray[np.float64] | npt.NDArray[np.bool_]] = {
            "true_probability": np.where(known, probability[row, place], 0.0)
        }
        if given.shape[1] > TOP:
            found["correct_top5"] = known & among_first(given, place)
        return found


def softmax(logits: Floats) -> Floats:
    """Probabilities of logits, over the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def among_first(scores: Floats, place: npt.NDArray[np.int64], first: int = TOP) -> npt.NDArray[np.bool_]:
    """Whether the class at each `place` is among the first by its score; of equal scores the earlier class is first."""
    own = np.take_along_axis(scores, place[..., None], axis=-1)
    earlier = np.arange(scores.shape[-1]) < place[..., None]
    return np.asarray(((scores > own) | ((scores == own) & earlier)).sum(axis=-1) < first)


def odd_rows(scores: Floats, *, logits: bool) -> npt.NDArray[np.bool_]:
    """Rows that are no probabilities of classes, or no logits: over the last axis."""
    if logits:
        return np.asarray(np.isnan(scores).any(axis=-1) | ~np.isfinite(scores.max(axis=-1)))
    return np.asarray(~is_probability(scores).all(axis=-1) | (np.abs(scores.sum(axis=-1) - 1) > SUM))


def said_odd(scores: Floats, logits: bool) -> str:
    """Why scores of one example are none: the end of a sentence."""
    if np.isnan(scores).any():
        return "hold NaN; numbers expected"
    if logits:
        return "hold no finite number; logits expected"
    if (outside := scores[~is_probability(scores)]).size:
        return f"hold {outside[0]:.4g}; probabilities are 0 to 1, and logits are to be called logits"
    return f"sum to {scores.sum():.4g}; probabilities of all classes, which sum to 1, expected"
