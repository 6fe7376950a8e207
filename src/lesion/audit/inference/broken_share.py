"""The share of answers that were right and are wrong in each part of the examples, with one-sided bounds.

Of populations an answer is the modal label. Other members have others, which a bootstrap of whole members tells, as for
the share of PIE (`pie_share`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.effective_size import Sample, sample
from lesion.audit.inference.kinds import kinds
from lesion.audit.inference.one_sided import share_lower, share_upper
from lesion.audit.inference.resampling import Pool, bootstrap

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

FORGOTTEN = 1  # its place in `kinds.KINDS`


@dataclass(frozen=True)
class BrokenShare:
    """The share of answers that break, with what bounds are made of.

    Attributes
    ----------
    sample : what examples show
    members : float64 (k,), the variance over members; 0 of single models
    both : float64 (k,), the variance that those over examples and over members both hold
    freedom : degrees of freedom of the variance over members
    """

    sample: Sample
    members: Floats
    both: Floats
    freedom: float

    def of(self, rows: Integers) -> "BrokenShare":
        """That of these parts, int (rows,), in this order."""
        return BrokenShare(self.sample.of(rows), self.members[rows], self.both[rows], self.freedom)

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
        binomial, less = smooth * (1 - smooth), self.sample.examples / examples
        of_examples = binomial / size
        of_members = self.members * (special.stdtrit(self.freedom, level) / special.ndtri(level)) ** 2
        variance = np.maximum(of_examples + of_members - self.both * less, np.maximum(of_examples, of_members))
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
        none = np.zeros(strata)
        return BrokenShare(sample(flags.astype(np.float64), stratum, strata, cluster), none, none, 1.0)
    pool = Pool(np.concatenate([dense, compressed]), None, classes, ties)

    def broken(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        return np.asarray(kinds(pool.modal_label(one), pool.modal_label(other), label)[FORGOTTEN])

    found = sample(broken(*np.split(np.arange(sum(members)), members[:1])).astype(np.float64), stratum, strata, cluster)
    shares, often = np.empty((resamples, strata)), np.zeros(len(label))
    drawn = bootstrap(rng, dense=members[0], compressed=members[1], resamples=resamples, paired=paired)
    for share, one, other in zip(shares, *drawn, strict=True):
        flags = broken(one, other)
        share[:] = np.bincount(stratum, weights=flags, minlength=strata) / found.examples
        often += flags
    often /= resamples
    several = [count for count in members if count > 1]
    least = min(several)
    freedom = least - 1 if paired else sum(several) - len(several)
    both = np.bincount(stratum, weights=often * (1 - often), minlength=strata) / found.examples**2
    corrected = least / (least - 1)  # a bootstrap of M members has (M − 1) / M of the variance
    return BrokenShare(found, shares.var(axis=0, ddof=1) * corrected, both, float(freedom))
