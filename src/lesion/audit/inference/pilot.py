"""What a pilot of few members says of the spread of recall between members (`inference.power`)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.effects import Cells, cells
from lesion.audit.inference.moderated import FEWEST, effective_number, prior
from lesion.audit.inference.power import Spread
from lesion.errors import InputError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

ESTIMATED = ("rest", "classes_apart", "ability", "slope", "accuracy", "prior_freedom", "lenders")


def estimated_spread(
    samples: Sequence[npt.NDArray[np.int8]], label: Integers, classes: int, *, own_accuracy: bool, paired: bool
) -> Spread:
    """Estimate the spread between members, the mean over several populations.

    Parameters
    ----------
    samples : int8 (members, examples) of each population, whether each member is right; of pairs both, dense first
    label : int (examples,), each in [0, classes)
    own_accuracy : recall is relative to each member's own accuracy (`recall.takes_own_accuracy`)

    Raises
    ------
    InputError
        Where there are fewer than two members, a class has no example, or all members are right on the same examples,
        which tells nothing of the spread.
    """
    if min(len(sample) for sample in samples) < 2:
        raise InputError("pilot: two members at least are needed to tell the spread between members")
    tables = [cells(sample, label, classes) for sample in samples]
    recall = [_recall(table) for table in tables]
    if paired:
        flips = cells(np.abs(samples[1] - samples[0]), label, classes).row.mean(axis=0)
        spread = _of_pairs(cells(samples[1] - samples[0], label, classes), np.mean(recall, axis=0), flips, own_accuracy)
    else:
        each = [_of_one(*both, own_accuracy) for both in zip(tables, recall, strict=True)]
        mean: dict[str, Any] = {name: float(np.mean([getattr(one, name) for one in each])) for name in ESTIMATED}
        spread = replace(each[0], **mean)
    if spread.rest + spread.classes_apart + spread.ability < 1e-12:  # sums of shares round
        raise InputError("pilot: its members do not differ in what they get right, which tells nothing of the spread")
    return spread


def _recall(table: Cells) -> Floats:
    """Mean recall of each class, never 0 or 1: half an answer is added to both."""
    answers = table.size * len(table.row)
    return np.asarray((table.row.mean(axis=0) * answers + 0.5) / (answers + 1))


def _of_pairs(table: Cells, recall: Floats, flips: Floats, own: bool) -> Spread:
    """Of the changes in `table`; `flips`: the share of answers of each class that change."""
    spread, share = _of_one(table, recall, own), table.size / table.size.sum()
    several = np.maximum(table.size - 1, 0)
    changed = float(flips @ several)
    per_flip = spread.rest * float((recall * (1 - recall)) @ several) / changed if changed else 0.0
    error = np.sqrt(table.row.var(axis=0, ddof=1) / len(table.row))
    seen = float(np.maximum(np.abs(table.row.mean(axis=0)) - error, 0) @ share)
    return replace(spread, per_flip=per_flip, seen=seen, paired=True)


def _of_one(table: Cells, recall: Floats, own: bool) -> Spread:
    """Of members that are right, or that change, as `table` says; its classes have `recall`."""
    size, total, several = table.size, int(table.size.sum()), table.size > 1
    if not several.any():
        raise InputError("pilot: a class with two examples at least is needed to tell the spread")
    share, slope = size / total, recall * (1 - recall)
    rest = float(np.where(several, table.rest, 0.0) @ (size - 1) / (slope @ (size - 1)))
    row, noise, mean, ability, lent = table.row, rest * slope / size, float(slope @ share), 0.0, (0.0, 0.0)
    if own:  # else what members are good at in general and in a class need not be told apart
        accuracy = row @ share
        ability = max(float(accuracy.var(ddof=1) - noise @ share**2), 0.0) / mean**2
        row, noise = row - accuracy[:, None], noise * (1 - 2 * share) + noise @ share**2
        lent = _lent(row, np.maximum(noise, 1e-12), size)
    beyond = row.var(axis=0, ddof=1) - noise - ability * (slope - mean) ** 2
    apart = max(float(beyond[several].sum()), 0.0) / float((slope[several] ** 2).sum())
    return Spread(
        rest=rest,
        per_flip=0.0,
        seen=0.0,
        classes_apart=apart,
        ability=ability,
        slope=mean,
        accuracy=float((rest * slope / size + apart * slope**2) @ share**2),
        total=total,
        own=own,
        paired=False,
        classes=len(size),
        prior_freedom=lent[0],
        lenders=lent[1],
    )


def _lent(row: Floats, base: Floats, size: Integers) -> tuple[float, float]:
    """Degrees of freedom that classes lend each other: at most, and for each of their own (`moderated.moderated`)."""
    if row.shape[1] < FEWEST:
        return 0.0, 0.0
    ratio = row.var(axis=0, ddof=1) / base + 1 / (12 * size**2 * base)
    return prior(ratio, len(row) - 1.0)[0], effective_number([row], [base]) - 1
