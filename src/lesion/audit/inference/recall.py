"""Recall of each class for each member, and the same relative to accuracy."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.effects import by_stratum

Floats = npt.NDArray[np.float64]


def recalls(correct: npt.NDArray[np.bool_], label: npt.NDArray[np.integer], classes: int) -> Floats:
    """Recall of each class for each member.

    Parameters
    ----------
    correct : bool (members, examples)
    label : int (examples,), each in [0, classes)
    classes : int

    Returns
    -------
    float64 (members, classes), each in [0, 1]

    Raises
    ------
    InputError
        Where a class has no example, for its recall is undefined.
    """
    order, totals, starts = by_stratum(label, classes)
    hits = np.add.reduceat(correct[:, order], starts, axis=1, dtype=np.int64)
    return np.asarray(hits / totals)


def takes_own_accuracy(normalise: str, *, paired: bool) -> bool:
    """Whether recall is taken relative to each member's own accuracy, and not to the population's mean.

    Pairs take each member's own whatever `normalise` says: most classes of a pair often change by nothing at all. Less
    a constant they would differ from it without any variance, so that each had p = 0.

    Parameters
    ----------
    normalise : "population" (the paper) or "member"
    """
    return paired or normalise == "member"


def normalised(recall: Floats, accuracy: Floats, *, own: bool) -> Floats:
    """Recall minus the mean accuracy of the members, or minus each member's `own`.

    Parameters
    ----------
    recall : float64 (members, classes)
    accuracy : float64 (members,)
    """
    return recall - (accuracy[:, None] if own else accuracy.mean())


def hardly_vary(recall: Sequence[Floats], accuracy: Sequence[Floats]) -> npt.NDArray[np.bool_]:
    """Classes whose recall varies so little between members that the paper's test is too bold: bool (classes,).

    That test takes the mean accuracy as known. Where recall less each member's own accuracy has twice the variance of
    recall, its standard error is 1.4 times what the test takes it for.

    Parameters
    ----------
    recall : float64 (members, classes) of each population, two members at least
    accuracy : float64 (members,) of each
    """
    taken = np.sum([one.var(axis=0, ddof=1) / len(one) for one in recall], axis=0)
    apart = [normalised(one, mean, own=True) for one, mean in zip(recall, accuracy, strict=True)]
    true = np.sum([one.var(axis=0, ddof=1) / len(one) for one in apart], axis=0)
    return np.asarray(true > 2 * taken + 1e-18)  # sums of shares round
