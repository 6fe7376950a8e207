"""Exact tests of whether two populations say the same of one example, and how far chance alone drives them apart.

Under the null hypothesis it does not matter which model is dense and which is compressed. Conditional on what all
models together say, who says it is then a draw without replacement (independent members), or a coin for each pair
(members that share seeds or a parent). Few distinct cases exist, so p-values and expectations are looked up in small
tables.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TIE = 1 + 1e-7  # probabilities that differ by less are equal, as in SciPy's and R's tests


def _log_choose(n: int, k: npt.NDArray[np.int64]) -> Floats:
    """Logarithm of n over k, −∞ where there is no way."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    inside = (k >= 0) & (k <= n)
    k = np.where(inside, k, 0)
    return np.where(inside, log_factorial[n] - log_factorial[k] - log_factorial[n - k], -np.inf)


def _hypergeometric(total: int, good: int, drawn: int) -> Floats:
    """Probability of x good ones among `drawn` of `total`, for x of 0 to `drawn`."""
    x = np.arange(drawn + 1)
    ways = _log_choose(good, x) + _log_choose(total - good, drawn - x)
    return np.asarray(np.exp(ways - _log_choose(total, np.array([drawn]))))


def _binomial(count: int) -> Floats:
    """Probability of x heads of `count` coins, for x of 0 to `count`."""
    return np.asarray(np.exp(_log_choose(count, np.arange(count + 1)) - count * np.log(2)))


def fisher_table(members: int, others: int) -> Floats:
    """Two-sided p-values of Fisher's exact test.

    Returns
    -------
    float64 (members + 1, others + 1): [a, b] for a of `members` against b of `others`
    """
    table = np.ones((members + 1, others + 1))
    for pooled in range(members + others + 1):
        probability = _hypergeometric(members + others, pooled, members)
        order = np.argsort(probability, kind="stable")
        below = np.searchsorted(probability[order], probability * TIE, side="right")
        p = np.concatenate([[0.0], np.cumsum(probability[order])])[below]
        a = np.arange(max(0, pooled - others), min(members, pooled) + 1)
        table[a, pooled - a] = np.minimum(p[a], 1)
    return table


def sign_table(pairs: int) -> Floats:
    """Two-sided p-values of the sign test (McNemar's, exact).

    Returns
    -------
    float64 (pairs + 1, pairs + 1): [a, b] for a pairs that changed one way and b the other, a + b at most `pairs`
    """
    table = np.ones((pairs + 1, pairs + 1))
    for discordant in range(1, pairs + 1):
        a = np.arange(discordant + 1)
        below = np.cumsum(_binomial(discordant))[np.minimum(a, discordant - a)]
        table[a, discordant - a] = np.minimum(2 * below, 1)
    return table


def chance_apart(members: int, others: int) -> Floats:
    """How far apart chance drives the shares of two populations that c models together give a label.

    Returns
    -------
    float64 (members + others + 1,): for c of 0 to all, the mean of |x / members − (c − x) / others| where x is drawn
    """
    distance = np.zeros(members + others + 1)
    x = np.arange(members + 1)
    for pooled in range(len(distance)):
        apart = np.abs(x / members - (pooled - x) / others)
        distance[pooled] = _hypergeometric(members + others, pooled, members) @ apart
    return distance


def chance_apart_of_pairs(pairs: int) -> Floats:
    """The same for pairs, of which d have one model that gives the label: float64 (pairs + 1,), for d of 0 to `pairs`.

    The mean of |s| / pairs, s a sum of d signs.
    """
    distance = np.zeros(pairs + 1)
    for discordant in range(1, pairs + 1):
        x = np.arange(discordant + 1)
        distance[discordant] = _binomial(discordant) @ np.abs(2 * x - discordant) / pairs
    return distance
