"""Answers that are no classes: of each it is known whether it is right, and mostly its text."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.files.predictions import Predictions, Texts
from lesion.audit.comparison.populations import Labels, Population
from lesion.errors import InputError

RIGHT, WRONG, OTHERWISE = "right", "wrong", "wrong otherwise"


def marked(path: Path, other: Path, read: Predictions) -> Predictions:
    """The same with `correct`, where labels tell it.

    Raises
    ------
    InputError
        Where neither the file nor its labels tell which answers are right, as those of `other` do.
    """
    if read.correct is not None:
        return read
    said = read.population
    if said.label is None:
        raise InputError(f"{path}: has neither a label nor a column correct, which {other} has; one of them expected")
    return replace(read, correct=said.prediction == said.label, population=replace(said, label=None))


def graded(populations: Sequence[Population], correct: Sequence[npt.NDArray[np.bool_]]) -> list[Population]:
    """Both populations with the classes right (0), which is the label of all examples, and wrong (1, 2, …).

    Wrong answers to an example are the same class where they are the same text. They are numbered for each example
    alone, in order of the members, dense ones first.
    """
    members = [len(population.prediction) for population in populations]
    code = _wrong_codes(np.concatenate([one.prediction for one in populations]), np.concatenate(correct))
    label = np.zeros(code.shape[1], dtype=np.int8)
    parts = np.split(code, np.cumsum(members)[:-1])
    return [
        replace(population, prediction=part, label=label, correct_top5=None)
        for population, part in zip(populations, parts, strict=True)
    ]


def _wrong_codes(answers: Labels, correct: npt.NDArray[np.bool_]) -> npt.NDArray[np.int16]:
    """0 for a right answer, else the number of the wrong one among those to its example: (members, examples)."""
    code = np.zeros(answers.shape, dtype=np.int16)
    most = np.zeros(answers.shape[1], dtype=np.int16)
    for row, (answer, right) in enumerate(zip(answers, correct, strict=True)):
        for before in range(row):
            same = (code[row] == 0) & (answers[before] == answer) & ~correct[before] & ~right
            code[row][same] = code[before][same]
        new = ~right & (code[row] == 0)
        most[new] += 1
        code[row][new] = most[new]
    return code


def class_names(populations: Sequence[Population]) -> Texts:
    """The names of the classes of both, by their numbers."""
    most = max(2, *(int(population.prediction.max()) + 1 for population in populations))
    return (RIGHT, WRONG, OTHERWISE, *(f"{OTHERWISE} {number}" for number in range(2, most - 1)))[:most]


def texts_of_first(population: Population, names: Texts | None) -> npt.NDArray[Any]:
    """What the first member answers, as text: object (examples,)."""
    first = population.prediction[0]
    return np.array(first.astype(str) if names is None else np.array(names, dtype=object)[first], dtype=object)
