"""How many examples that stand alone, and change wholly or not at all, tell as much as those that there are.

Examples in clusters tell less. The mean of many members changes by less than a whole answer an example, and tells more.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.clusters import DesignEffect, alone, design_effect

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Sample:
    """What examples show of a part of them, each float64 (k,).

    Attributes
    ----------
    lost, won : the sums of what examples lose and of what they win, over their number
    examples : how many there are
    effect : how many of them are worth one that stands alone, and changes wholly or not at all
    """

    lost: Floats
    won: Floats
    examples: Floats
    effect: DesignEffect

    def of(self, rows: Integers) -> "Sample":
        """That of these parts, int (rows,), in this order."""
        effect = DesignEffect(self.effect.effect[rows], self.effect.freedom[rows])
        return Sample(self.lost[rows], self.won[rows], self.examples[rows], effect)

    def size(self, examples: Floats, level: float) -> Floats:
        """What so many examples are worth for a bound of this level: float64 (k,)."""
        return self.effect.worth(examples, level)


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
    lost, won = summed(np.maximum(loss, 0)), summed(np.maximum(-loss, 0))
    if cluster is None:
        one, _ = alone(lost + won, summed(loss**2), lost - won, examples)
        effect = DesignEffect(one, np.full(strata, np.inf))
    else:
        there = np.flatnonzero(loss)
        known = {"of": np.arange(strata), "stratum": stratum, "cluster": cluster}
        effect = design_effect(loss[there], stratum[there], there, **known)
    return Sample(lost / examples, won / examples, examples, effect)
