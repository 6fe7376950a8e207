"""How many examples that stand alone, and change wholly or not at all, tell as much as those that there are.

Examples in clusters tell less. The mean of many members changes by less than a whole answer an example, and tells more.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

FEW = 10  # clusters with a change; a variance of fewer is not worth its name
HALF = 0.5  # of an example: changes must add up to more than this before their size is believed


@dataclass(frozen=True)
class Sample:
    """What examples show of a part of them, each float64 (k,).

    Attributes
    ----------
    lost, won : the sums of what examples lose and of what they win, over their number
    examples : how many there are
    worth : how many examples one is worth that stands alone, and changes wholly or not at all
    freedom : degrees of freedom of what they are worth; infinite where that is known
    """

    lost: Floats
    won: Floats
    examples: Floats
    worth: Floats
    freedom: Floats

    def of(self, rows: Integers) -> "Sample":
        """That of these parts, int (rows,), in this order."""
        return Sample(*(values[rows] for values in vars(self).values()))

    def size(self, examples: Floats, level: float) -> Floats:
        """What so many examples are worth for a bound of this level: float64 (k,).

        Where their worth is estimated, they count as fewer: by the squared ratio of the quantiles of the normal and of
        Student's distribution (Korn & Graubard, Surv. Methodol. 24, 1998).
        """
        ratio = special.ndtri(level) / special.stdtrit(self.freedom, level)
        return np.asarray(np.maximum(examples * self.worth * ratio**2, 1.0))


def sample(loss: Floats, stratum: Integers, strata: int, cluster: Integers | None) -> Sample:
    """What examples show, stratum by stratum.

    Parameters
    ----------
    loss : float64 (examples,), what each loses, in [−1, 1]: the mean over members
    stratum : int (examples,), each in [0, strata); each stratum has an example
    cluster : int (examples,), examples of one number belong together, 0 and up; None: each is alone
    """

    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(stratum, weights=values, minlength=strata))

    examples = np.bincount(stratum, minlength=strata).astype(np.float64)
    lost, won, square = summed(np.maximum(loss, 0)), summed(np.maximum(-loss, 0)), summed(loss**2)
    whole = lost + won - (lost - won) ** 2 / examples  # the variance, if each changed wholly or not at all
    alone = (square - (lost - won) ** 2 / examples + HALF) / (whole + HALF)
    freedom = np.full(strata, np.inf)
    effect = alone
    if cluster is not None:
        effect, freedom = _of_clusters(loss, stratum, examples, (lost - won) / examples, whole, alone, cluster)
    return Sample(lost / examples, won / examples, examples, 1 / effect, freedom)


def _of_clusters(
    loss: Floats, stratum: Integers, examples: Floats, mean: Floats, whole: Floats, alone: Floats, cluster: Integers
) -> tuple[Floats, Floats]:
    """The design effect (Kish, Survey Sampling, 1965) and its degrees of freedom, each float64 (k,).

    Its estimate stands on the clusters that have a change; of unequal ones, whose sizes s are, on the fewer that are
    large, (Σs²)² / Σs⁴ of all. Where these are fewer than `FEW`, it is that of clusters whose examples are copies, and
    where they are more, as if `FEW` such clusters had been seen beside them.
    """
    strata, clusters = len(examples), int(cluster.max()) + 1
    code, place = np.unique(stratum.astype(np.int64) * clusters + cluster, return_inverse=True)
    of, size = code // clusters, np.bincount(place).astype(np.float64)
    changed = np.bincount(place, weights=loss != 0) > 0
    total = np.bincount(place, weights=loss) - size * mean[of]

    def summed(values: npt.NDArray[Any]) -> Floats:
        return np.asarray(np.bincount(of, weights=values, minlength=strata))

    squares = summed(size**2)
    several = summed(changed) * squares**2 / (summed(size**4) * summed(np.ones(len(size))))
    copies = alone * squares / examples
    seen = (summed(total**2) + HALF) / (whole + HALF)
    few = several < FEW
    steadied = (several * seen + FEW * copies) / (several + FEW)
    effect = np.where(few, np.maximum(seen, copies), np.maximum(steadied, alone))
    return effect, np.where(few, np.inf, several - 1)
