"""How far two populations disagree on each example, and what chance alone would give.

The taxicab distance is that of Hooker et al., arXiv 2010.03058.
"""

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.exact import chance_apart, chance_apart_of_pairs, fisher_table, sign_table
from lesion.audit.inference.votes import Integers, SideBySide

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer]


def _by_example(values: Floats, both: SideBySide, examples: int, classes: int) -> Floats:
    return np.asarray(np.bincount(both.code // classes, weights=values, minlength=examples), dtype=np.float64)


def taxicab(both: SideBySide, *, members: tuple[int, int], examples: int, classes: int) -> Floats:
    """Sum over labels of the absolute difference of their shares, in [0, 2]: float64 (examples,)."""
    difference = np.abs(both.one / members[0] - both.other / members[1])
    return _by_example(difference, both, examples, classes)


def _changed(dense: Labels, compressed: Labels, both: SideBySide, classes: int) -> tuple[Integers, Integers]:
    """How many pairs leave each label, and how many come to it: int64, of the shape of `both.code`, each."""
    differs = dense != compressed
    where = np.nonzero(differs)[1]
    left, came = (
        np.bincount(np.searchsorted(both.code, where * classes + said[differs]), minlength=len(both.code))
        for said in (dense, compressed)
    )
    return left, came


def exact_p(dense: Labels, compressed: Labels, both: SideBySide, *, classes: int, paired: bool) -> Floats:
    """Two-sided p of each example, that both populations give its pooled label alike: float64 (examples,).

    Fisher's exact test, or for pairs the sign test, of the label that most of all models give. The test is exact for
    this label, since it does not depend on who is dense. Where several labels have most votes, the largest of their
    p-values: so the names of classes do not matter, and the test stays exact.

    Parameters
    ----------
    dense, compressed : int (members, examples), each in [0, classes)
    both : the votes of these two
    """
    if paired:
        p = sign_table(len(dense))[_changed(dense, compressed, both, classes)]
    else:
        p = fisher_table(len(dense), len(compressed))[both.one, both.other]
    first = np.flatnonzero(np.diff(both.code // classes, prepend=-1))
    pooled = both.one + both.other
    most = np.repeat(np.maximum.reduceat(pooled, first), np.diff(first, append=len(pooled)))
    return np.asarray(np.maximum.reduceat(np.where(pooled == most, p, 0), first))


def chance_taxicab(dense: Labels, compressed: Labels, both: SideBySide, *, classes: int, paired: bool) -> Floats:
    """The taxicab distance that chance alone gives on average, all that is said being the same: float64 (examples,).

    Parameters
    ----------
    dense, compressed : int (members, examples), each in [0, classes)
    both : the votes of these two
    """
    members, others, examples = len(dense), len(compressed), dense.shape[1]
    if paired:
        left, came = _changed(dense, compressed, both, classes)
        return _by_example(chance_apart_of_pairs(members)[left + came], both, examples, classes)
    return _by_example(chance_apart(members, others)[both.one + both.other], both, examples, classes)


def beyond_chance(distance: Floats, by_chance: Floats) -> Floats:
    """How far two populations are apart beyond chance, in [0, 1]: (d − e) / (2 − e), 0 where chance explains it all.

    As Cohen's kappa corrects agreement. 1 where the populations have no label in common that they could have.

    Parameters
    ----------
    distance, by_chance : float64, taxicab distances in [0, 2]; they broadcast
    """
    beyond = np.maximum(distance - by_chance, 0)
    return np.where(beyond > 1e-12, beyond / np.maximum(2 - by_chance, 1e-12), 0.0)  # 1e-12: sums of shares round
