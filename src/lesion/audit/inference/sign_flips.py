"""Whether changes go one way more often than the other: McNemar's exact test, also of examples in clusters.

Where it does not matter which model is dense and which compressed, a change may as well have gone the other way. So the
sign of each change is a coin (McNemar, Psychometrika 12, 1947; exact: the sign test). Examples of one cluster share a
coin: the sum of the cluster keeps its size and flips its sign. The distribution of the sum over clusters is exact.
"""

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

LARGEST = 2e8  # multiplications of one distribution, about a second; a larger one is close to normal


def mcnemar_p(one: Integers, other: Integers) -> Floats:
    """Two-sided p that changes go both ways alike, each alone: 2 P(X ≤ min(one, other)), X binomial with ½.

    Parameters
    ----------
    one, other : int (k,), how many changes go one way and the other

    Returns
    -------
    float64 (k,), NaN where nothing changes
    """
    total = one + other
    below = special.bdtr(np.minimum(one, other).astype(np.float64), np.maximum(total, 1), 0.5)
    return np.where(total == 0, np.nan, np.minimum(2 * below, 1.0))


def balance_p(sign: Integers, row: Integers, rows: int, cluster: Integers | None = None) -> Floats:
    """Two-sided p of each row, that as many of its changes go one way as the other.

    Parameters
    ----------
    sign : int (changes,), 1 or −1
    row : int (changes,), what each change counts to, in [0, rows)
    cluster : int (changes,), changes that flip together; None: each flips alone, which is `mcnemar_p`

    Returns
    -------
    float64 (rows,), NaN where nothing changes
    """
    one, other = (np.bincount(row[sign == way], minlength=rows) for way in (1, -1))
    p = mcnemar_p(one, other)
    if cluster is None or not len(row):
        return p
    codes, place = np.unique(row * (int(cluster.max()) + 1) + cluster, return_inverse=True)
    sums = np.bincount(place, weights=sign, minlength=len(codes)).astype(np.int64)
    of_row = codes // (int(cluster.max()) + 1)
    shared = np.unique(of_row[np.bincount(place) > 1])
    begin, end = np.searchsorted(of_row, shared, side="left"), np.searchsorted(of_row, shared, side="right")
    for which, first, last in zip(shared, begin, end, strict=True):
        p[which] = flipped_sum_p(sums[first:last])
    return p


def flipped_sum_p(values: Integers) -> float:
    """P(|Σ ± value| ≥ |Σ value|) where each sign is a coin: exact; by the normal distribution beyond `LARGEST`.

    Parameters
    ----------
    values : int (k,)
    """
    size, count = np.unique(np.abs(values[values != 0]), return_counts=True)
    total, seen = int(size @ count), abs(int(values.sum()))
    if total * (count.sum() - count.max(initial=0)) > LARGEST:
        return float(2 * special.ndtr(-seen / np.sqrt(float(size**2 @ count))))
    up = _sums_of_heads(size, count)  # the flipped sum is twice the sum of heads less the total
    lower, upper = up[: (total - seen) // 2 + 1].sum(), up[(total + seen) // 2 :].sum()
    return float(min(lower + upper, 1.0))


def _sums_of_heads(size: Integers, count: Integers) -> Floats:
    """Probability of each sum, 0 to the total, of the values whose coin shows heads; `count` values of each `size`."""
    probability = np.zeros(int(size @ count) + 1)
    probability[0], top = 1.0, 0
    for value, many in sorted(zip(size.tolist(), count.tolist(), strict=True), key=lambda of: -of[1]):
        before, heads = probability[: top + 1].copy(), np.arange(many + 1)
        ways = special.gammaln(many + 1) - special.gammaln(heads + 1) - special.gammaln(many - heads + 1)
        probability[: top + 1] = 0
        if top == 0:
            probability[: value * many + 1 : value] = np.exp(ways - many * np.log(2))
        else:
            for k, weight in enumerate(np.exp(ways - many * np.log(2))):
                probability[k * value : k * value + top + 1] += weight * before
        top += value * many
    return probability
