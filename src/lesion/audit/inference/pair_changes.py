"""Whether compression changes the answers of all pairs alike, more than other seeds do: one test of all examples.

Of pair k, V_k says how the answers change: 1 for each answer that the compressed member alone gives, −1 for each that
the dense one alone gives. If compression did no more than another seed, V_k and −V_k would be equally likely. The
statistic is the squared length of the sum of all V_k.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

ENOUGH = 6
"""Sign flips of six pairs reach p = 1/32; those of five do not reach 0.05."""
EVERY = 14
"""Up to so many pairs all flips are looked at."""
DRAWS = 9_999
"""How many are drawn where there are more."""


def inner_products(same: Floats) -> Floats:
    """Inner products of the changes of each two pairs: float64 (pairs, pairs), whole numbers.

    Parameters
    ----------
    same : `energy.agreements` of the dense members and then of the compressed ones, in the order of the pairs
    """
    pairs = len(same) // 2
    dense, compressed, between = same[:pairs, :pairs], same[pairs:, pairs:], same[:pairs, pairs:]
    return np.asarray(dense + compressed - between - between.T)


def sign_flip_p(inner: Floats, rng: np.random.Generator) -> float:
    """P over all flips of the signs of V_k; exact where V_k and −V_k are equally likely.

    Parameters
    ----------
    inner : `inner_products`
    """
    pairs = len(inner)
    if pairs <= EVERY:
        flipped = (np.arange(2 ** (pairs - 1))[:, None] >> np.arange(pairs)) & 1  # flipping all changes nothing
    else:
        flipped = rng.integers(0, 2, (DRAWS + 1, pairs))
        flipped[0] = 0
    signs = 1.0 - 2.0 * flipped
    length = np.einsum("ij,ij->i", signs @ inner, signs)
    return float((length >= length[0]).mean())


def few_pairs_p(inner: Floats) -> float:
    """P for four or five pairs, of which sign flips cannot reach 0.05: the larger of two approximations.

    One is the F test of the mean of V_k with the degrees of freedom of Huynh & Feldt (1976, Journal of Educational
    Statistics 1, 69–82). It holds where a single direction dominates, such as one class that rounding favours in some
    members. The other is the t-test of the inner products of different pairs, which are uncorrelated and 0 on average
    (the idea of Chen & Qin 2010, Annals of Statistics 38, 808–835). It holds where many examples change independently.

    Never below 2 · 4^−pairs: two answers of one recipe differ in a given direction with a probability of at most 1/4,
    so all pairs change a given example alike with at most that.
    """
    pairs = len(inner)
    if not inner.any():
        return 1.0
    p = max(_mean_p(inner), _products_p(inner))
    return max(p, 2 * 0.25**pairs)


def _mean_p(inner: Floats) -> float:
    pairs = len(inner)
    centred = inner - inner.mean(axis=0) - inner.mean(axis=1, keepdims=True) + inner.mean()
    freedom, spread = pairs - 1, float(np.trace(centred))
    if spread <= 1e-9 * np.trace(inner):  # all pairs change alike
        return 0.0
    directions = spread**2 / (centred**2).sum()
    corrected = max(1.0, (pairs * directions - 2) / max(freedom - directions, 1e-9))
    statistic = inner.sum() / pairs / (spread / freedom)
    return float(special.fdtrc(corrected, corrected * freedom, statistic))


def _products_p(inner: Floats) -> float:
    products = np.array([inner[pair] for pair in combinations(range(len(inner)), 2)])
    mean, error = products.mean(), products.std(ddof=1) / np.sqrt(len(products))
    if error <= 1e-9 * abs(mean):  # 0, too: no two pairs change an example together
        return 0.0 if mean > 0 else 1.0
    return float(special.stdtr(len(products) - 1, -mean / error))
