"""Multiple choice: which choice is the right one, and what the choices are called."""

import math
from collections.abc import Callable, Sequence
from string import ascii_uppercase

from lesion.audit.comparison.files.benchmarks.document import Document

ACCURACY = "acc"

Resolve = Callable[[Document], int | None]


def answer(document: Document) -> int:
    """The choice of the largest log probability, the first of several: as the harness takes it for `acc`."""
    assert document.scores is not None
    return max(range(len(document.scores)), key=document.scores.__getitem__)


def probabilities(document: Document) -> list[float]:
    """Of each choice among the choices: softmax of the log probabilities."""
    assert document.scores is not None
    largest = max(document.scores)
    if math.isinf(largest):  # none is possible, or one is beyond all others
        raised = [float(score == largest) for score in document.scores]
    else:
        raised = [math.exp(score - largest) for score in document.scores]
    return [each / sum(raised) for each in raised]


def _by_index(document: Document) -> int | None:
    target = document.target.strip()
    return int(target) if target.isdecimal() else None


def _by_text(document: Document) -> int | None:
    target = document.target.strip()
    return document.choices.index(target) if target in document.choices else None


def _by_letter(document: Document) -> int | None:
    target = document.target.strip().strip("().")
    return ascii_uppercase.find(target.upper()) if len(target) == 1 and target.isalpha() else None


def _by_accuracy(document: Document) -> int | None:
    """Of two choices, the score tells which is right."""
    if document.scores is None or len(document.scores) != 2:
        return None
    right = graded(document.metrics.get(ACCURACY))
    return None if right is None else answer(document) if right else 1 - answer(document)


def right_choices(documents: Sequence[Document]) -> list[int] | None:
    """The right choice of each document of a task; None where it cannot be told.

    A target is an index, the text of a choice or its letter: the first of these that all targets are, and by which the
    answers are right exactly where the harness's `acc` says so.
    """
    for resolve in (_by_index, _by_text, _by_letter, _by_accuracy):
        found = [_resolved(resolve, document) for document in documents]
        if None not in found:
            return [place for place in found if place is not None]
    return None


def _resolved(resolve: Resolve, document: Document) -> int | None:
    place = resolve(document)
    if document.scores is None or place is None or not 0 <= place < len(document.scores):
        return None
    right = graded(document.metrics.get(ACCURACY))
    return place if right is None or right == (answer(document) == place) else None


def graded(value: object) -> bool | None:
    """Whether a metric of 0 or 1 is 1; None for any other value."""
    try:
        number = float(value) if isinstance(value, bool | int | float | str) else math.nan
    except ValueError:
        return None
    return bool(number) if number in (0, 1) else None


def names(documents: Sequence[Document]) -> Callable[[Document, int], str]:
    """What to call a choice: by its text where all documents have the same choices, else by its letter."""
    first = documents[0].choices
    if first and all(document.choices == first for document in documents):
        return lambda document, place: document.choices[place]
    return lambda _, place: letter(place)


def letter(place: int) -> str:
    """A, B, …; after Z a number."""
    return ascii_uppercase[place] if place < len(ascii_uppercase) else str(place + 1)
