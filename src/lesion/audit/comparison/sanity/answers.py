"""Answers that do not belong to these labels, or that say two things at once."""

from collections.abc import Sequence

import numpy as np

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Labels
from lesion.audit.comparison.sanity.class_counts import class_counts
from lesion.errors import InputError

OVERLAP = 0.05  # share of answers that are a class of the labels, at least


def check_meeting(comparison: Comparison, sources: Sequence[str]) -> None:
    """The answers of each side are of the classes that labels have: at least one of twenty is.

    Fewer may be where the models know many more classes than the labels have, as a few examples of a thousand classes
    do. All answers may be one class, if the other side gives it too: such models are broken, and the audit says so.

    Parameters
    ----------
    sources : what the messages call dense and compressed

    Raises
    ------
    InputError
        Otherwise.
    """
    if comparison.label is None or not _covered(comparison.label):
        return
    counts = [class_counts(side, len(comparison.classes)) for side in (comparison.dense, comparison.compressed)]
    for side, (source, count) in enumerate(zip(sources, counts, strict=True)):
        shared, answered = count[comparison.present].sum() / count.sum(), np.flatnonzero(count)
        collapsed = len(answered) == 1 and counts[1 - side][answered[0]] > 0
        many = len(answered) > 2 * len(comparison.present)
        if collapsed or shared >= OVERLAP or (shared > 0 and many):
            continue
        strange = np.setdiff1d(answered, comparison.present)
        most, label = comparison.named(np.array([strange[np.argmax(count[strange])], comparison.label[0]]))
        few = f"only {100 * shared:.2g} % of its answers are" if shared else "none of its answers is"
        raise InputError(
            f"{source}: {few} a class of any label; it answers {most} and such, labels are {label} and such"
        )


def _covered(label: Labels) -> bool:
    """Whether examples drawn like these would hardly ever have none of their classes.

    The share of classes that occur once estimates how many of other examples have a class that does not occur (Good
    1953, Biometrika 40, 237-264); of as many as there are all would in fewer than one case of 10,000.
    """
    once = np.count_nonzero(np.bincount(label) == 1)
    return bool((once / len(label)) ** len(label) < 1e-4)


def check_top5(comparison: Comparison, sources: Sequence[str]) -> None:
    """A right answer is among a member's first five.

    Raises
    ------
    InputError
        Otherwise, with an example.
    """
    if comparison.label is None:
        return
    for source, side in zip(sources, (comparison.dense, comparison.compressed), strict=True):
        if side.correct_top5 is not None and (odd := side.correct & ~side.correct_top5).any():
            member, example = np.unravel_index(np.argmax(odd), odd.shape)
            who = f", member {side.member[member]}" if len(side.member) > 1 else ""
            raise InputError(
                f"{source}: correct_top5 is false for example {comparison.example_id[example]}{who}, though its"
                f" prediction is the label; {odd.sum():,} of {odd.size:,} answers are such"
            )
