"""How much the best of several candidates looks better than it is, because it was chosen on the same examples.

Its mean on these examples is the largest, partly by luck. The optimism is how much larger it is, on average, than the
true mean of whichever is chosen. It is estimated by a parametric bootstrap of Efron's optimism (Efron & Tibshirani, An
Introduction to the Bootstrap, 1993, chapter 17): means are drawn about those that were seen, with the covariance that
they have over examples or clusters; the best of each draw is chosen, and how far it was drawn above what was seen is
averaged. Where candidates are equally good a part of the optimism is left, about a third, for those that were seen are
further apart than they are in truth.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

DRAWS = 10_000


def optimism(values: Floats, rng: np.random.Generator, cluster: Integers | None = None) -> float:
    """The mean advantage that luck gives the candidate of the largest mean; at least 0, and 0 for a single one.

    Parameters
    ----------
    values : float64 (examples, candidates), what is averaged, such as whether each answer is right
    cluster : int (examples,), which examples belong together, 0 and up; None: each is alone
    """
    seen = values.mean(axis=0)
    drawn = rng.multivariate_normal(np.zeros(len(seen)), covariance(values, cluster), DRAWS, method="eigh")
    chosen = (seen + drawn).argmax(axis=1)
    lucky = drawn - drawn.mean(axis=0)  # whose mean is 0 but for the number of draws
    return max(0.0, float(lucky[np.arange(DRAWS), chosen].mean()))


def covariance(values: Floats, cluster: Integers | None = None) -> Floats:
    """Covariance of the means over examples, or clusters of them (of a ratio): float64 (candidates, candidates)."""
    apart = values - values.mean(axis=0)
    if cluster is not None:
        order = np.argsort(cluster, kind="stable")
        begin = np.flatnonzero(np.diff(cluster[order], prepend=-1))
        apart = np.add.reduceat(apart[order], begin, axis=0)
    units = len(apart)
    return np.asarray(apart.T @ apart / len(values) ** 2 * (units / max(units - 1, 1)))
