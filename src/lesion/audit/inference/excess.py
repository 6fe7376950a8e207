"""What seed noise gives of each kind of change, what there is beside it, and how sure the difference is.

Two disjoint sets of dense members differ in their seeds alone, so what changes between them is noise. Beside it stands
what changes between a dense set and as many compressed members of other seeds. The difference, the excess, is what
compression changes more than another seed does.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.halves import Sets
from lesion.audit.inference.intervals import DEVIATIONS, LEVEL
from lesion.audit.inference.kinds import kinds
from lesion.audit.inference.resampling import Pool

Floats = npt.NDArray[np.float64]
Clusters = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Counted:
    """Changes between drawn sets of members.

    Attributes
    ----------
    noise : int64 (2 · draws, kinds), counts between dense sets, in both directions
    matched : float64 (kinds,), the mean count between dense and compressed sets
    beyond : int8 (kinds, draws, examples), in each draw the changes between dense and compressed sets, of which there
        are two, less those between dense sets in both directions: −2 to 2
    """

    noise: npt.NDArray[np.int64]
    matched: Floats
    beyond: npt.NDArray[np.int8]


def counted(pool: Pool, sets: Sets) -> Counted:
    """Count the changes between the drawn sets of a pool of dense and then compressed members."""
    noise, matched, beyond = [], [], []
    for drawn in zip(sets.one, sets.other, sets.beside_one, sets.beside_other, strict=True):
        one, other, beside_one, beside_other = (pool.modal_label(rows) for rows in drawn)
        apart = [kinds(*sides, pool.label) for sides in ((one, other), (other, one))]
        seen = [kinds(*sides, pool.label) for sides in ((one, beside_one), (other, beside_other))]
        noise += [found.sum(axis=1) for found in apart]
        matched += [found.sum(axis=1) for found in seen]
        first, second, third, fourth = (found.view(np.int8) for found in (*seen, *apart))
        beyond.append(first + second - third - fourth)
    return Counted(np.array(noise), np.mean(matched, axis=0), np.stack(beyond, axis=1))


@dataclass(frozen=True)
class Excess:
    """How many changes there are beyond seed noise, with a 95 % interval: float64 (kinds,) each."""

    mean: Floats
    low: Floats
    high: Floats


def excess(
    plain: Counted, again: Counted, drawn_again: Sets, *, units: int, cluster: Clusters | None, size: float
) -> Excess:
    """The excess with an interval for other members and other examples.

    Its variance has two parts. That of the examples is the variance of a sum of independent ones, with 1.96² added as
    if two more had changed either way: where nothing differs the interval ends where that of a binomial count does
    (Wilson 1927), about 4 off. Of examples in clusters it is so many times that as they change together. That of the
    members is what moves many examples together, such as a member's ability: `shared_variance`. It counts with a
    quantile of t, for its members are few.

    Parameters
    ----------
    plain : counts between sets of members
    again : counts between `drawn_again`, sets whose members were drawn again with replacement
    units : how many examples there are, or clusters of them, whether anything differs in them or not
    cluster : int (examples,), which of the examples of `plain` belong together; None: each is a unit
    size : how many examples a unit has, on average
    """
    alone = plain.beyond.mean(axis=1, dtype=np.float64) / 2
    each = _by_unit(alone, cluster)
    mean = each.sum(axis=1)
    together = _together(alone, each, size)
    of_examples = (each**2).sum(axis=1) - mean**2 / units + (DEVIATIONS * together) ** 2
    of_members = np.array([_of_members(drawn_again, _by_unit(of_kind, cluster) / 2) for of_kind in again.beyond])
    quantile = special.stdtrit(drawn_again.freedom, (1 + LEVEL) / 2)
    half = np.sqrt(DEVIATIONS**2 * of_examples + quantile**2 * of_members)
    return Excess(mean, mean - half, mean + half)


def _by_unit(values: npt.NDArray[Any], cluster: Clusters | None) -> npt.NDArray[Any]:
    """Sums over the examples of a cluster: float (..., units in which there are examples); of int8, float32."""
    kept = np.asarray(values, dtype=np.result_type(values, np.float32))
    if cluster is None or not len(cluster):
        return kept
    order = np.argsort(cluster, kind="stable")
    first = np.flatnonzero(np.diff(cluster[order], prepend=-1))
    return np.asarray(np.add.reduceat(kept[..., order], first, axis=-1))


def _together(alone: Floats, each: Floats, size: float) -> Floats:
    """How many examples of a unit change together, 1 to `size`: float64 (kinds,). Of none that changes, all of them.

    Parameters
    ----------
    alone, each : float64 (kinds, examples) and (kinds, units)
    """
    of_examples, of_units = (alone**2).sum(axis=1), (each**2).sum(axis=1)
    shared = np.divide(of_units, of_examples, out=np.full(len(alone), size), where=of_examples > 0)
    return np.asarray(np.clip(shared, 1.0, size))


def _of_members(sets: Sets, values: npt.NDArray[np.floating[Any]]) -> float:
    return sum(shared_variance(uses, values) for uses in sets.uses)


def shared_variance(uses: npt.NDArray[np.integer], values: npt.NDArray[np.floating[Any]]) -> float:
    """The variance of the sum of `values` over units that comes from members, less that within single units; ≥ 0.

    The infinitesimal jackknife for bagging (Efron 2014, J. Am. Stat. Assoc. 109, 991–1007, section 5): the sum over
    members of the squared covariance of how often a member is used and of what is counted. It is corrected for the
    number of draws (Wager, Hastie & Efron 2014, J. Mach. Learn. Res. 15, 1625–1651). The same of each unit by itself is
    taken off, for the variance between units holds it. Draws need not be a bootstrap of all members: the scale is that
    at which the variance of a mean over members is right.

    Parameters
    ----------
    uses : int (draws, members)
    values : float (draws, units)
    """
    draws = len(uses)
    centred = (uses - uses.mean(axis=0)).astype(values.dtype)
    covariance = centred.T @ values / draws
    total = covariance.sum(axis=1, dtype=np.float64)
    together, within = (total**2).sum(), (covariance.astype(np.float64) ** 2).sum()
    by_chance = centred.var(axis=0).sum() / draws
    of_sum, of_units = values.sum(axis=1, dtype=np.float64).var(), values.var(axis=0).sum(dtype=np.float64)
    members = uses.shape[1]
    scale = (uses.mean() / uses.var(axis=0).mean()) ** 2 * (members - 1) / members
    return max(0.0, float(scale * (together - within - by_chance * (of_sum - of_units))))
