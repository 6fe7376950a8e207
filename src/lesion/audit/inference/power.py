"""The spread of recall between members, by how easy a class is, and how many members a t-test needs.

Take a class of n examples and recall r, and b = r (1 − r), the variance of one answer. Members of one kind vary in

- which examples they get right: κ b / n, where κ is below 1 since examples are easy or hard for all members alike;
- how good they are at this class: ι² b², and how good they are at all of them: τ² b². On the logit of being right both
  are the same for easy and hard classes; b is the slope of the logistic function.

Recall less each member's own accuracy has of the last only τ² (b − b̄)², and the noise of the accuracy. The three are
learnt from a pilot (`inference.pilot`), which so plans for classes of any size and recall. Of pairs it is the change
that varies; answers that a planned loss breaks come on top of those that flip anyway.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.noncentral_t import t_test_power
from lesion.errors import InputError

Floats = npt.NDArray[np.float64]

MOST = 10_000  # members; nobody trains more


@dataclass(frozen=True)
class Spread:
    """What a pilot says of the variance of normalised recall between members, or of its change between pairs.

    Attributes
    ----------
    rest : κ
    per_flip : of pairs, the variance of one example for each of its answers that flips: 0 where the same ones flip in
        all pairs, 1 where it is by chance; 0 for independent members
    seen : of pairs, the mean absolute change of a class of the pilot, whose flips are among those of `rest`
    classes_apart, ability : ι² and τ²; where recall is relative to the population's accuracy, their sum and 0
    slope : b̄, the mean of b over all examples
    accuracy : variance of the accuracy of a member but for its ability
    total : test examples
    own : recall is relative to each member's own accuracy (`recall.takes_own_accuracy`)
    paired : whether it is of changes between pairs
    classes : how many will be tested
    prior_freedom, lenders : degrees of freedom that the variances of other classes lend at most, and for each of a
        class's own (`moderated.moderated`); 0 for the paper's test, which lends none
    """

    rest: float
    per_flip: float
    seen: float
    classes_apart: float
    ability: float
    slope: float
    accuracy: float
    total: int
    own: bool
    paired: bool
    classes: int
    prior_freedom: float
    lenders: float

    def _of_member(self, examples: Floats, recall: Floats, broken: Floats) -> Floats:
        slope = recall * (1 - recall)
        noise = (self.rest * slope + broken) / examples
        if not self.own:
            return np.asarray(noise + self.classes_apart * slope**2)
        class_alone, share = noise + self.classes_apart * slope**2, np.minimum(examples / self.total, 1)
        relative = np.maximum(class_alone * (1 - 2 * share) + self.accuracy, 0)
        return np.asarray(relative + self.ability * (slope - self.slope) ** 2)

    def _broken(self, recall: Floats, change: Floats) -> Floats:
        """The variance that answers broken at random add to that of one example's change."""
        if not self.per_flip:
            return np.zeros_like(change)
        flips = (
            self.rest * recall * (1 - recall) / self.per_flip
        )  # without the loss; those of them that are fixed break
        lost = np.maximum(change - self.seen, 0)
        return np.asarray(self.per_flip * lost * np.maximum(1 - flips / recall - lost, 0))

    def variances(self, examples: Floats, recall: Floats, change: Floats) -> list[Floats]:
        """Of normalised recall between members of each population, or between pairs of its change.

        Parameters
        ----------
        examples, recall : of a class, before the change; float64 (k,)
        change : the recall that it loses
        """
        after, broken = np.maximum(recall - change, 0), self._broken(recall, change)
        of_both = [self._of_member(examples, level, broken) for level in (recall, after)]
        return [(of_both[0] + of_both[1]) / 2] if self.paired else of_both

    def freedom(self, members: npt.NDArray[np.int64], variances: list[Floats]) -> Floats:
        """Degrees of freedom of the test with so many members in each population: float64, of the shape of members."""
        own = members - 1.0
        if self.own:
            return np.asarray(own + np.minimum(self.prior_freedom, self.lenders * own))
        squares = np.maximum(np.sum(np.square(variances), axis=0), 1e-300)
        return np.asarray(own * np.maximum(np.sum(variances, axis=0) ** 2 / squares, 1))  # Welch's


def least_members(
    spread: Spread, change: Floats, examples: Floats, recall: Floats, alpha: float, power: float
) -> npt.NDArray[np.int64]:
    """The members each population needs, for (k,) losses in classes of (k,) examples; MOST + 1 where beyond."""
    if not 0 < alpha < power < 1:
        raise InputError(f"power: expected alpha < power < 1, found alpha {alpha} and power {power}")
    if not ((change > 0) & (change <= 1)).all():
        raise InputError("power: a change of recall to be found must lie in (0, 1]")
    if not (examples >= 1).all():
        raise InputError("power: a class has one example at least")
    if not ((recall > 0) & (recall <= 1)).all():
        raise InputError("power: the recall of a class must lie in (0, 1]")
    variances = spread.variances(examples, recall, change)
    variance = np.maximum(np.sum(variances, axis=0), 1e-24)  # 0: any change is found
    low, high = np.full(change.shape, 1), np.full(change.shape, MOST + 1)  # too few, enough
    for _ in range(int(np.log2(MOST)) + 1):
        members = np.maximum((low + high) // 2, 2)
        found = t_test_power(change / np.sqrt(variance / members), spread.freedom(members, variances), alpha)
        low, high = np.where(found >= power, low, members), np.where(found >= power, members, high)
    return np.asarray(high)


def members_needed(
    spread: Spread, *, change: float, examples: int, recall: float, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """How many members each population needs to find a loss of normalised recall.

    Parameters
    ----------
    change : what a class loses, a fraction in (0, 1]
    examples : how many test examples the class has
    recall : its recall before it loses any
    alpha : of the two-sided test
    power : the chance to find it

    Returns
    -------
    int, 2 or more; None where 10,000 members do not suffice
    """
    lost, size, level = (np.array([float(value)]) for value in (change, examples, recall))
    found = int(least_members(spread, lost, size, level, alpha, power)[0])
    return found if found <= MOST else None
