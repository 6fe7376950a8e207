"""How much the mean over members of a share falls in each part of the examples, with one-sided bounds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.effective_size import Sample, sample
from lesion.audit.inference.effects import cells, over_members
from lesion.audit.inference.moderated import Variance
from lesion.audit.inference.one_sided import member_deviations, net_lower, net_upper

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class NetLoss:
    """What each part of the examples loses, with what bounds are made of.

    Attributes
    ----------
    sample : what examples show
    members : the variance over members of each side that has several (of pairs, of their differences)
    both : float64 (k,), the variance that those over examples and over members both hold
    """

    sample: Sample
    members: list[Variance]
    both: Floats

    def of(self, rows: Integers) -> "NetLoss":
        """That of these parts, int (rows,), in this order."""
        members = [Variance(one.estimate[rows], one.freedom, one.least[rows]) for one in self.members]
        return NetLoss(self.sample.of(rows), members, self.both[rows])

    @property
    def estimate(self) -> Floats:
        """The fall of the mean: float64 (k,), in [−1, 1]."""
        return self.sample.lost - self.sample.won

    def upper(self, examples: Floats, level: float) -> Floats:
        """Upper bound of this level, if so many examples (k,) show the same rates: float64 (k,), in [−1, 1].

        The margins of examples and of members are added as squares, less what both hold (`effects`).
        """
        end = net_upper(self.sample.lost, self.sample.won, self.sample.size(examples, level), level)
        return np.minimum(self.estimate + self._wider(end - self.estimate, examples, level), 1.0)

    def lower(self, examples: Floats, level: float) -> Floats:
        """Lower bound of the same."""
        end = net_lower(self.sample.lost, self.sample.won, self.sample.size(examples, level), level)
        return np.maximum(self.estimate - self._wider(self.estimate - end, examples, level), -1.0)

    def _wider(self, margin: Floats, examples: Floats, level: float) -> Floats:
        if not self.members:
            return margin
        deviations, less = special.ndtri(level) ** 2, self.sample.examples / examples
        parts = [margin**2]
        for one in self.members:  # as in `effects`: the least stands on many examples, and needs no wide quantile
            least = deviations * one.least * less
            parts.append(np.maximum(member_deviations(np.array(one.freedom), level) ** 2 * one.estimate, least))
        both = deviations * self.both * less
        return np.asarray(np.sqrt(np.maximum(np.sum(parts, axis=0) - both, np.max(parts, axis=0))))


def net_loss(
    dense: Flags, compressed: Flags, stratum: Integers, strata: int, *, paired: bool, cluster: Integers | None
) -> NetLoss:
    """What each stratum loses.

    A population of a single member stands for itself: bounds are over examples, and the members of the other.

    Parameters
    ----------
    dense, compressed : bool (members, examples), whether each member is right
    stratum : int (examples,), each in [0, strata); each stratum has an example
    paired : member k of both belong together
    cluster : int (examples,), examples of one number belong together, 0 and up; None: each is alone
    """
    fall = dense.mean(axis=0) - compressed.mean(axis=0)
    if len(dense) == len(compressed) == 1:
        return NetLoss(sample(fall, stratum, strata, cluster), [], np.zeros(strata))
    sides = [compressed.astype(np.int8) - dense.astype(np.int8)] if paired else [dense, compressed]
    members, both = over_members([cells(side, stratum, strata) for side in sides])
    return NetLoss(sample(fall, stratum, strata, cluster), members, both)
