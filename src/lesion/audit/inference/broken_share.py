"""The share of answers that were right and are wrong in each part of the examples, with one-sided bounds.

Of populations an answer is the modal label. What other members change is the variance of the share that comes from
members, by the infinitesimal jackknife of a bootstrap: draws hold members twice, so that the spread of their shares by
itself is too large. It holds a part of the variance over examples, too: bounds are a little wide.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.effective_size import Sample, sample
from lesion.audit.inference.kinds import kinds
from lesion.audit.inference.one_sided import member_deviations, share_lower, share_upper
from lesion.audit.inference.resampling import Pool, bootstrap

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

FORGOTTEN = 1  # its place in `kinds.KINDS`
PAIR = 2


@dataclass(frozen=True)
class BrokenShare:
    """The share of answers that break, with what bounds are made of.

    Attributes
    ----------
    sample : what examples show
    members : float64 (k,), the variance that comes from members and not from examples; 0 of single models
    freedom : float64 (k,), degrees of freedom of that variance
    """

    sample: Sample
    members: Floats
    freedom: Floats

    def of(self, rows: Integers) -> "BrokenShare":
        """That of these parts, int (rows,), in this order."""
        return BrokenShare(self.sample.of(rows), self.members[rows], self.freedom[rows])

    @property
    def estimate(self) -> Floats:
        """The share: float64 (k,), in [0, 1]."""
        return self.sample.lost

    def upper(self, examples: Floats, level: float) -> Floats:
        """Upper bound of this level, if so many examples (k,) show the same share: float64 (k,), in [0, 1]."""
        return share_upper(self.estimate, self._size(examples, level), level)

    def lower(self, examples: Floats, level: float) -> Floats:
        """Lower bound of the same."""
        return share_lower(self.estimate, self._size(examples, level), level)

    def _size(self, examples: Floats, level: float) -> Floats:
        """How many independent examples have this variance: float64 (k,)."""
        size = self.sample.size(examples, level)
        smooth = (self.estimate * size + 0.5) / (size + 1)
        binomial = smooth * (1 - smooth)
        of_members = self.members * (member_deviations(self.freedom, level) / special.ndtri(level)) ** 2
        variance = binomial / size + of_members
        return np.asarray(np.maximum(binomial / variance, 1.0))


def broken_share(
    dense: Integers,
    compressed: Integers,
    label: Integers,
    stratum: Integers,
    strata: int,
    *,
    classes: int,
    ties: str,
    paired: bool,
    resamples: int,
    rng: np.random.Generator,
    cluster: Integers | None,
) -> BrokenShare:
    """The share that breaks in each stratum.

    Parameters
    ----------
    dense, compressed : int (members, examples), each in [0, classes)
    label : int (examples,)
    stratum : int (examples,), each in [0, strata); each stratum has an example
    ties : as `votes.modal_label` takes them
    paired : member k of both belong together
    resamples : how often members are drawn
    cluster : int (examples,), examples of one number belong together, 0 and up; None: each is alone
    """
    members = len(dense), len(compressed)
    if max(members) == 1:
        flags = (dense[0] == label) & (compressed[0] != label)
        return BrokenShare(
            sample(flags.astype(np.float64), stratum, strata, cluster), np.zeros(strata), np.ones(strata)
        )
    pool = Pool(np.concatenate([dense, compressed]), None, classes, ties)

    def broken(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        return np.asarray(kinds(pool.modal_label(one), pool.modal_label(other), label)[FORGOTTEN])

    found = sample(broken(*np.split(np.arange(sum(members)), members[:1])).astype(np.float64), stratum, strata, cluster)
    drawn = bootstrap(rng, dense=members[0], compressed=members[1], resamples=resamples, paired=paired)
    shares = np.empty((resamples, strata))
    for share, one, other in zip(shares, *drawn, strict=True):
        share[:] = np.bincount(stratum, weights=broken(one, other), minlength=strata) / found.examples
    rows = [drawn[0]] if paired else [drawn[0], drawn[1] - members[0]]
    several = [(one, count) for one, count in zip(rows, members, strict=False) if count > 1]
    over_members = np.stack([_over_members(one, count, shares) for one, count in several])
    degrees = np.array([count - 1.0 for _, count in several])[:, None]
    return BrokenShare(found, over_members.sum(axis=0), _freedom(over_members, degrees))


def _over_members(rows: npt.NDArray[np.int64], members: int, shares: Floats) -> Floats:
    """The variance of each share if other members of one side were drawn: float64 (k,).

    The infinitesimal jackknife for bagging (Efron, J. Am. Stat. Assoc. 109, 2014, section 5), whose draws are a
    bootstrap of all members. Of two members the modal label is that of the first, which varies twice as much as a mean.

    Parameters
    ----------
    rows : int64 (draws, members), the members that are drawn
    shares : float64 (draws, k)
    """
    uses = (rows[:, :, None] == np.arange(members)).sum(axis=1) - 1.0
    covariance = (uses - uses.mean(axis=0)).T @ (shares - shares.mean(axis=0)) / len(rows)
    single = 2.0 if members == PAIR else 1.0
    return np.asarray(single * members / (members - 1) * (covariance**2).sum(axis=0))


def _freedom(variances: Floats, degrees: Floats) -> Floats:
    """Welch's degrees of freedom of a sum of variances (sides, k): float64 (k,)."""
    whole = variances.sum(axis=0)
    parts = (variances**2 / degrees).sum(axis=0)
    return np.asarray(np.where(whole > 0, whole**2 / np.where(parts > 0, parts, 1.0), degrees.min()))
