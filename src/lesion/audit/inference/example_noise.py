"""The variance of a mean change over examples, that holds where few changed or none.

To the examples of a stratum come two that were not seen: one that gains and one that loses. For a pair of models this
is the interval of Bonett and Price (J. Educ. Behav. Stat. 37, 2012; Agresti & Min, Stat. Med. 24, 2005); where nothing
changed it is as wide as the rule of three says. The mean of many members changes by less than 1 an example: the two
then weigh as much as a change that was seen, ψ² = Σ D⁴ / Σ D², and 1 as long as few were seen.

Examples that come in clusters (frames of a video, questions on one text) are taken cluster by cluster: the sum of a
cluster, over the mean size of the clusters, takes the place of an example. The variance is that of a ratio (Cochran,
Sampling Techniques, 1977, section 6.3).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

HALF = 0.5  # of an example: changes must add up to more than this before their size is believed


@dataclass(frozen=True)
class Noise:
    """A mean change in each stratum with its variance over examples, each float64 (k,).

    Attributes
    ----------
    centre : the mean with the unseen examples, which the interval lies about
    variance : of the mean
    relative : of the mean less that of all examples
    units : how many examples, or clusters of mean size, the variance stands on, the unseen included
    """

    centre: Floats
    variance: Floats
    relative: Floats
    units: Floats


def _sums(values: Floats, starts: Integers) -> Floats:
    return np.asarray(np.add.reduceat(values, starts))


@dataclass(frozen=True)
class _Clusters:
    """Sums over the examples that a cluster has in a stratum, in order of the strata."""

    change: Floats
    size: Floats
    starts: Integers
    cluster: Integers


def _clusters(difference: Floats, size: Integers, cluster: Integers | None) -> _Clusters:
    if cluster is None:
        starts = np.concatenate([[0], np.cumsum(size)[:-1]])
        return _Clusters(difference, np.ones(len(difference)), starts, np.arange(len(difference)))
    clusters = int(cluster.max()) + 1
    code, place = np.unique(np.repeat(np.arange(len(size)), size) * clusters + cluster, return_inverse=True)
    starts = np.searchsorted(code, np.arange(len(size)) * clusters)
    change = np.bincount(place, weights=difference).astype(np.float64)
    count = np.bincount(place).astype(np.float64)
    return _Clusters(change, count, starts, code % clusters)


def example_noise(difference: Floats, size: Integers, cluster: Integers | None = None) -> Noise:
    """The variance over examples of the mean change in each stratum.

    Parameters
    ----------
    difference : float64 (examples,), the mean change of each, in [-1, 1], stratum by stratum
    size : int64 (k,), examples in each stratum, 1 at least
    cluster : int64 (examples,), which examples belong together, 0 and up; None: each is alone
    """
    of, total = _clusters(difference, size, cluster), len(difference)
    typical = _sums(of.size**2, of.starts) / size  # the mean size of an example's cluster
    entries = np.diff(of.starts, append=len(of.change))
    scale = np.repeat(typical, entries)
    change, part = of.change / scale, of.size / scale
    square = _sums(change**2, of.starts)
    unseen = np.minimum((_sums(change**4, of.starts) + HALF) / (square + HALF), 1)  # of either sign
    units = size / typical + 2 * unseen
    centre = _sums(change, of.starts) / units
    apart = change - part * np.repeat(centre, entries)
    added = 2 * unseen * (1 + centre**2)  # of changes ±1, which lie 1 ∓ centre from it
    own = _sums(apart**2, of.starts) + added
    whole = np.bincount(of.cluster, weights=apart * scale)  # of each cluster, over all its strata
    shared = typical * _sums(apart * whole[of.cluster], of.starts) + added * typical**2
    everything = (whole**2).sum() + (added * typical**2).sum()
    relative = own / units**2 - 2 * shared / (units * typical * total) + everything / total**2
    return Noise(centre, own / units**2, np.maximum(relative, 0), units)
