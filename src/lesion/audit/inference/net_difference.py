"""Whether two sets of examples have the same net, where few answers flip in one of the directions.

The net is the share fixed less the share broken. Counts of broken and of fixed examples are taken as Poisson. Under the
hypothesis both sets have one net and each its own rate of flips; these are estimated by maximum likelihood, for a given
net in closed form (as Tango, Stat. Med. 17, 1998, for one set). The p is that of the difference of the nets under these
estimates, summed over all outcomes (an E-test, Krishnamoorthy & Thomson, J. Stat. Plan. Inference 119, 2004).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

STEPS, ROUNDS = 41, 5  # of the search for the net: each round looks between the neighbours of the best step
DEVIATIONS, MARGIN = 8, 12  # counts further from their mean have a probability below 1e-12


def net_difference_p(one: Sequence[int], other: Sequence[int]) -> float:
    """Two-sided p that two sets of examples have the same net.

    Parameters
    ----------
    one, other : how many of the set are broken, how many fixed, and how many examples it has
    """
    rates = _under_the_hypothesis(one, other)
    seen = abs(_net(*one) - _net(*other))
    (here, chance), (there, other_chance) = (
        _outcomes(*rate, sizes[2]) for rate, sizes in zip(rates, (one, other), strict=True)
    )
    reach = seen * (1 - 1e-9)
    below = np.concatenate([[0.0], np.cumsum(other_chance)])  # of the other net being less than each place
    low = below[np.searchsorted(there, here - reach, side="right")]
    high = below[-1] - below[np.searchsorted(there, here + reach, side="left")]
    return float(min(chance @ (low + high), 1.0)) if reach > 0 else 1.0


def _net(broken: int, fixed: int, examples: int) -> float:
    return (fixed - broken) / examples


def _fixed_rate(net: Floats, broken: int, fixed: int, examples: int) -> Floats:
    """The share fixed that is likeliest where it exceeds the share broken by `net`."""
    linear = broken + fixed + 2 * examples * net
    root = np.sqrt(np.maximum(linear**2 - 8 * examples * fixed * net, 0))
    return np.asarray(np.maximum((linear + root) / (4 * examples), np.maximum(net, 0)))


def _likelihood(net: Floats, broken: int, fixed: int, examples: int) -> Floats:
    won = _fixed_rate(net, broken, fixed, examples)
    lost = np.maximum(won - net, 0)
    return np.asarray(special.xlogy(broken, lost) + special.xlogy(fixed, won) - examples * (won + lost))


def _under_the_hypothesis(one: Sequence[int], other: Sequence[int]) -> list[tuple[float, float]]:
    """Shares broken and fixed of both sets under one net, where the data are likeliest."""
    low, high = sorted((_net(*one), _net(*other)))
    best = np.array(low)
    for _ in range(ROUNDS):  # the likelihood of each set falls on both sides of its own net
        nets = np.linspace(low, high, STEPS)
        total = _likelihood(nets, *one) + _likelihood(nets, *other)
        place = int(np.argmax(total))
        best = nets[place]
        low, high = nets[max(place - 1, 0)], nets[min(place + 1, STEPS - 1)]
    found = []
    for sizes in (one, other):
        won = float(_fixed_rate(best, *sizes))
        found.append((max(won - float(best), 0.0), won))
    return found


def _poisson(mean: float) -> tuple[int, Floats]:
    """The least count that matters, and the probabilities of it and those that follow: float64 (counts,)."""
    width = DEVIATIONS * mean**0.5 + MARGIN
    count = np.arange(max(int(mean - width), 0), int(mean + width) + 1)
    return int(count[0]), np.asarray(np.exp(special.xlogy(count, mean) - mean - special.gammaln(count + 1)))


def _outcomes(lost: float, won: float, examples: int) -> tuple[Floats, Floats]:
    """The nets that a set may have, ascending, and their probabilities."""
    (least_broken, broken), (least_fixed, fixed) = _poisson(lost * examples), _poisson(won * examples)
    first = least_fixed - least_broken - len(broken) + 1
    chance = np.convolve(fixed, broken[::-1])
    return (first + np.arange(len(chance))) / examples, chance
