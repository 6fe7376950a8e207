"""The spread of recall between members, and how many of them a t-test needs.

The recall of a class of n examples varies between members by sqrt(σ²_members + σ²_rest / n): models differ in how good
they are, and in which examples they get right. Both are learnt from a pilot, which so plans for classes of any size.
Where normalised recall is relative to the population's mean accuracy, as in the paper, members that are better in all
classes alike widen the spread but not the error of the change: the test then finds a little more than is said here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.effects import Cells, cells
from lesion.audit.inference.noncentral_t import t_test_power
from lesion.errors import InputError

Floats = npt.NDArray[np.float64]

MOST = 10_000  # members; nobody trains more


@dataclass(frozen=True)
class Spread:
    """What a pilot says of the variance of normalised recall between members, or of its change between pairs.

    Attributes
    ----------
    members : σ²_members, of a class with endless examples
    rest : σ²_rest, of one example
    shared : 1 / (test examples) where each member's own accuracy is subtracted, whose noise is the recall's too; else 0
    paired : whether it is of changes between pairs
    classes : how many were pooled, and will be tested
    """

    members: float
    rest: float
    shared: float
    paired: bool
    classes: int

    def of_recall(self, examples: npt.NDArray[np.number]) -> Floats:
        """Standard deviation between members of the recall of classes of `examples`: float64, of its shape."""
        return np.asarray(np.sqrt(self.members + self.rest * np.maximum(1 / examples - self.shared, 0)))


def _parts(table: Cells, *, own_accuracy: bool) -> tuple[float, float]:
    """σ²_members and σ²_rest, pooled over the classes with two examples or more."""
    size, total = table.size, table.size.sum()
    several = size > 1
    if not several.any():
        raise InputError("pilot: a class with two examples at least is needed to tell the spread")
    rest = np.where(several, table.rest, 0.0)
    row, noise = table.row, rest / size
    if own_accuracy:
        row = row - (row @ size / total)[:, None]
        noise = rest * (1 / size - 2 / total) + rest @ size / total**2
    members = (row.var(axis=0, ddof=1) - noise)[several].mean()
    return max(float(members), 0.0), float(rest @ (size - 1) / (size - 1).sum())


def estimated_spread(
    samples: Sequence[npt.NDArray[np.int8]],
    label: npt.NDArray[np.integer],
    classes: int,
    *,
    own_accuracy: bool,
    paired: bool,
) -> Spread:
    """Estimate the spread between members, the mean over several populations.

    Parameters
    ----------
    samples : int8 (members, examples) of each population, whether each member is right; of pairs their change, alone
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
    parts = [_parts(cells(sample, label, classes), own_accuracy=own_accuracy) for sample in samples]
    members, rest = np.mean(parts, axis=0)
    if members + rest < 1e-12:  # sums of shares round
        raise InputError("pilot: its members do not differ in what they get right, which tells nothing of the spread")
    shared = 1 / len(label) if own_accuracy else 0.0
    return Spread(float(members), float(rest), shared, paired, classes)


def least_members(
    spread: Spread, change: Floats, examples: Floats, alpha: float, power: float
) -> npt.NDArray[np.int64]:
    """The members each population needs, for (k,) changes in classes of (k,) examples; MOST + 1 where beyond."""
    if not 0 < alpha < power < 1:
        raise InputError(f"power: expected alpha < power < 1, found alpha {alpha} and power {power}")
    if not ((change > 0) & (change <= 1)).all():
        raise InputError("power: a change of recall to be found must lie in (0, 1]")
    if not (examples >= 1).all():
        raise InputError("power: a class has one example at least")
    deviation = spread.of_recall(examples)
    low, high = np.full(change.shape, 1), np.full(change.shape, MOST + 1)  # too few, enough
    for _ in range(int(np.log2(MOST)) + 1):
        members = np.maximum((low + high) // 2, 2)
        error = np.maximum(deviation * np.sqrt((1 if spread.paired else 2) / members), 1e-12)  # 0: any change is found
        freedom = (members - 1.0) * (1 if spread.paired else 2)
        enough = t_test_power(change / error, freedom, alpha) >= power
        low, high = np.where(enough, low, members), np.where(enough, members, high)
    return np.asarray(high)


def members_needed(
    spread: Spread, *, change: float, examples: int, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """How many members each population needs to find a change of normalised recall.

    Parameters
    ----------
    change : absolute, a fraction in (0, 1]
    examples : how many test examples the class has
    alpha : of the two-sided test
    power : the chance to find it

    Returns
    -------
    int, 2 or more; None where 10,000 members do not suffice
    """
    found = int(least_members(spread, np.array([change]), np.array([float(examples)]), alpha, power)[0])
    return found if found <= MOST else None
