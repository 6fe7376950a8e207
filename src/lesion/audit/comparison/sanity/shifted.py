"""Class ids that are off by one: those of a framework that counts from 1, or has a class for the background."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Labels
from lesion.errors import InputError

FEW = 20  # classes of so few may be steps of a scale, on which a bad model may be one step off
ERRORS = 4  # standard errors that a share lies above chance


def check_shift(comparison: Comparison, sources: Sequence[str]) -> None:
    """No member of either side answers the class ids after or before the right ones (`refuse_shift`).

    Without labels the answers of the first dense member stand for them.

    Parameters
    ----------
    sources : what the messages call dense and compressed

    Raises
    ------
    InputError
        Otherwise.
    """
    answers = dict(zip(sources, (comparison.dense.prediction, comparison.compressed.prediction), strict=True))
    truth, right = comparison.label, "the right one"
    if truth is None:
        truth, right = comparison.dense.prediction[0], f"that of {sources[0]}"
        del answers[sources[0]]
    refuse_shift(answers, truth, comparison.classes, right=right)


def refuse_shift(
    answers: Mapping[str, Labels], truth: Labels, classes: npt.NDArray[Any], *, right: str = "the right one"
) -> None:
    """The answers of no member are the right class ids plus one, or less one.

    They are where answers that are moved by one are right far more often than as they are, or moved the other way: a
    share of more than 0.2 and twice both of these, and four standard errors above what the same answers in another
    order give. Of up to 20 classes some answers must be none of the labels, too.

    Parameters
    ----------
    answers : what the message calls a side → its answers, places in `classes`: int (members, examples)
    truth : the right answers, (examples,), which the message calls `right`
    classes : ids, or names, of which digits are ids: (classes,)

    Raises
    ------
    InputError
        Otherwise.
    """
    ways = {step: _moved(classes, step)[truth] for step in (1, -1)}
    for step, after in ((1, "after"), (-1, "before")):
        moved = ways[step]
        found = {source: _shifted(said, truth, moved, ways[-step]) for source, said in answers.items()}
        if odd := {source: shares for source, shares in found.items() if shares.any()}:
            source, shares = next(iter(odd.items()))
            member = int(np.argmax(shares))
            example = int(np.argmax(answers[source][member] == moved))
            raise InputError(
                f"{' and '.join(odd)}: {100 * shares[member]:.0f} % of the answers are the class id {after} {right},"
                f" such as {classes[moved[example]]} for {classes[truth[example]]}: are class ids off by one?"
            )


def _moved(classes: npt.NDArray[Any], step: int) -> npt.NDArray[np.int32]:
    """Place of the class whose id is `step` more than that of each class; −1 where there is none: (classes,)."""
    if np.issubdtype(classes.dtype, np.integer):
        places = np.searchsorted(classes, classes + step)
        there = np.take(classes, places, mode="clip") == classes + step
        return np.where(there, places, -1).astype(np.int32)
    place = {name: number for number, name in enumerate(classes.tolist())}
    ids = (str(int(name) + step) if name.isdecimal() else None for name in place)
    return np.array([place.get(moved, -1) for moved in ids], dtype=np.int32)


def _shifted(answers: Labels, truth: Labels, moved: Labels, other: Labels) -> npt.NDArray[np.float64]:
    """Share of each member's answers that are the right class moved; 0 for members that are not shifted: (members,)."""
    share = (answers == moved).mean(axis=1)
    share[share <= 2 * ((answers == truth) | (answers == other)).mean(axis=1) + 0.2] = 0
    for member in np.flatnonzero(share):
        chance = _chance(answers[member], moved)
        likely = share[member] <= chance + ERRORS * np.sqrt(chance * (1 - chance) / len(truth))
        if likely or not _beyond(answers[member], truth):
            share[member] = 0
    return np.asarray(share)


def _chance(one: Labels, other: Labels) -> float:
    """Share of examples on which two answers would agree if they came in a random order."""
    size = int(max(one.max(), other.max())) + 1
    counts = [np.bincount(answers[answers >= 0], minlength=size) for answers in (one, other)]
    return float(counts[0] @ counts[1].astype(np.float64)) / len(one) ** 2


def _beyond(answers: Labels, truth: Labels) -> bool:
    """Whether some answers are the right one for no example, or there are more than a few classes."""
    classes = np.unique(truth)
    return len(classes) > FEW or not np.isin(answers, classes).all()
