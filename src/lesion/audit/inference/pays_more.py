"""Whether some examples pay more, or less, than the rest: tested on the changes of one pair of models.

The net of examples is the share fixed less the share broken. The hypothesis is that a part and the rest have the same
net. They may differ in how many answers flip: hard examples flip both ways more often, and that is no harm.

Given how many examples of both together are broken and fixed, how many of these are in the part follows a multivariate
noncentral hypergeometric distribution. Its two odds are those of the flips of the part and of the rest, estimated under
the hypothesis; where both flip alike it is the distribution of a permutation test. The statistic is studentised, as
permutation tests of unequal variances have to be (Janssen, Stat. Probab. Lett. 36, 1997; Chung & Romano, Ann. Stat. 41,
2013).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.net_difference import net_difference_p

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

SMOOTHING = 0.5
"""Net, at the rate of all examples, that are added to the part and to the rest where a rate of flips is estimated:
a part without any flip is not infinitely sure."""

FEW = 10
"""With fewer broken or fewer fixed answers in all, these numbers hold what there is to know: given that nothing was
fixed anywhere, all that broke may well lie in the part, if that only flips more. `net_difference` does not fix them."""
DEVIATIONS, MARGIN = 7, 15  # outcomes further from the mean than 7 √mean + 15 have a probability below 1e-11
LARGEST = 1e7  # outcomes that are listed; of more the statistic is taken as normal


class Net(NamedTuple):
    """How many of some examples are broken, and fixed."""

    broken: int
    fixed: int
    examples: int

    @property
    def net(self) -> float:
        """Share fixed less share broken."""
        return (self.fixed - self.broken) / self.examples


def pays_more_p(part: Net, everyone: Net) -> float:
    """Two-sided p that a part of the examples has the same net as the rest; NaN where nothing flips, or no rest is.

    Parameters
    ----------
    part : the flips of the part
    everyone : the flips of all examples, those of the part among them
    """
    rest = Net(*(every - own for every, own in zip(everyone, part, strict=True)))
    flips = everyone.broken + everyone.fixed
    if not flips or not rest.examples or not part.examples:
        return float("nan")
    if min(everyone.broken, everyone.fixed) < FEW:
        return net_difference_p(part, rest)
    added = SMOOTHING * everyone.examples / flips  # examples that hold so many flips
    cells = _under_the_hypothesis(part, rest, added)
    broken, fixed = (
        _outcomes(part.examples * cells[0][way], every - rest.examples * cells[1][way], own, min(every, part.examples))
        for way, (every, own) in enumerate(zip(everyone[:2], part[:2], strict=True))
    )
    seen = abs(_statistic(np.array(part.broken), np.array(part.fixed), part.examples, everyone, added))
    if len(broken) * len(fixed) > LARGEST:
        return float(2 * special.ndtr(-seen))
    probability = _probability(broken[:, None], fixed, part.examples, everyone, cells)
    beyond = np.abs(_statistic(broken[:, None], fixed, part.examples, everyone, added)) >= seen * (1 - 1e-9)
    return float(min(probability[beyond].sum(), 1.0))


def _under_the_hypothesis(part: Net, rest: Net, added: float) -> list[tuple[float, float, float]]:
    """Probabilities to be broken, fixed and neither, of the part and of the rest: one net, each its own rate of flips.

    The net is the mean of both, weighted by the inverse of their variances.
    """
    rate = [(side.broken + side.fixed + SMOOTHING) / (side.examples + added) for side in (part, rest)]
    net = (part.fixed + rest.fixed - part.broken - rest.broken) / (part.examples + rest.examples)
    for _ in range(3):
        spread = [max(flips, abs(net)) - net**2 for flips in rate]
        weight = [side.examples / max(each, 1e-12) for side, each in zip((part, rest), spread, strict=True)]
        net = (weight[0] * part.net + weight[1] * rest.net) / sum(weight)
    rate = [min(max(flips, 1.02 * abs(net)), 1 - 1e-9) for flips in rate]  # both ways stay possible
    return [((flips - net) / 2, (flips + net) / 2, 1 - flips) for flips in rate]


def _outcomes(one: float, other: float, seen: int, most: int) -> Integers:
    """Counts worth listing: around both guesses of the mean, and around what was seen."""
    low, high = min(one, other, seen), max(one, other, seen)
    first = max(0, int(low - DEVIATIONS * max(low, 0) ** 0.5 - MARGIN))
    return np.arange(first, min(most, int(high + DEVIATIONS * high**0.5 + MARGIN)) + 1)


def _statistic(broken: Integers, fixed: Integers, examples: int, everyone: Net, added: float) -> Floats:
    """The net of the part less that of the rest, over its standard error."""
    here = _net(broken, fixed, examples, added)
    there = _net(everyone.broken - broken, everyone.fixed - fixed, everyone.examples - examples, added)
    return np.asarray((here[0] - there[0]) / np.sqrt(here[1] + there[1]))


def _net(broken: Integers, fixed: Integers, examples: int, added: float) -> tuple[Floats, Floats]:
    """The net of some examples and its variance."""
    net = (fixed - broken) / examples
    spread = np.maximum(broken + fixed + SMOOTHING - examples * net**2, 1e-12)  # below 0: outcomes that cannot be
    return net, spread / (examples + added) / examples


def _probability(
    broken: Integers, fixed: Integers, examples: int, everyone: Net, cells: list[tuple[float, float, float]]
) -> Floats:
    """Of each number of broken and fixed ones in the part, given those of all."""
    (lost, won, same), (rest_lost, rest_won, rest_same) = cells
    same_here = examples - broken - fixed
    same_there = everyone.examples - everyone.broken - everyone.fixed - same_here
    possible = (same_here >= 0) & (same_there >= 0)
    counts = (broken, everyone.broken - broken, fixed, everyone.fixed - fixed)
    ways = -sum(special.gammaln(count + 1.0) for count in counts)
    ways = ways - sum(special.gammaln(np.maximum(count, 0) + 1.0) for count in (same_here, same_there))
    odds = broken * np.log(lost * rest_same / (same * rest_lost)) + fixed * np.log(won * rest_same / (same * rest_won))
    weight = np.where(possible, ways + odds, -np.inf)
    weight = np.exp(weight - weight.max())
    return np.asarray(weight / weight.sum())


def pays_more_of_clusters_p(own: Floats, net: Floats, here: Integers, examples: Integers) -> float:
    """The same of examples in clusters: a score test with the variance of clusters.

    The score of a cluster is the sum over its examples of (in the part − share in the part) × (change − mean change).
    Scores are independent and have mean 0. Their sum over the root of the sum of their squares follows Student's t,
    with as many degrees of freedom, less one, as scores of equal size would give this fourth moment: a part that lies
    in a few clusters is told from the rest by none of them alone. `SMOOTHING` changed clusters are added to the part
    and to the rest.

    Parameters
    ----------
    own, net : float64 (clusters,), fixed less broken ones of each cluster, in the part and in all
    here, examples : int (clusters,), examples of each cluster in the part, and in all
    """
    share, mean = here.sum() / examples.sum(), net.sum() / examples.sum()
    score = own - share * net - mean * here + share * mean * examples
    square = float((score**2).sum())
    if not net.any() or not 0 < share < 1:
        return float("nan")
    degrees = square**2 / max(float((score**4).sum()), 1e-300) - 1  # of one cluster that holds all, each score is 0
    added = SMOOTHING * float(np.mean(net[net != 0] ** 2)) * ((1 - share) ** 2 + share**2)
    return float(2 * special.stdtr(max(degrees, 1.0), -abs(score.sum()) / np.sqrt(square + added)))
