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


def pooled_label(both: SideBySide, classes: int) -> Integers:
    """The label that most of all models give to each example, ties to the largest class id: int64 (examples,)."""
    first = np.flatnonzero(np.diff(both.code // classes, prepend=-1))
    return np.asarray(np.maximum.reduceat((both.one + both.other) * classes + both.code % classes, first) % classes)


def exact_p(dense: Labels, compressed: Labels, label: Integers, *, paired: bool) -> Floats:
    """Two-sided p of each example, that as many members of both populations give it `label`: float64 (examples,).

    Fisher's exact test, or for pairs the sign test. The test is exact for a label that does not depend on which model
    is dense and which compressed: the pooled one.

    Parameters
    ----------
    dense, compressed : int (members, examples)
    """
    one, other = dense == label, compressed == label
    if paired:
        return np.asarray(sign_table(len(one))[(one & ~other).sum(axis=0), (other & ~one).sum(axis=0)])
    return np.asarray(fisher_table(len(one), len(other))[one.sum(axis=0), other.sum(axis=0)])


def chance_taxicab(dense: Labels, compressed: Labels, both: SideBySide, *, classes: int, paired: bool) -> Floats:
    """The taxicab distance that chance alone gives on average, all that is said being the same: float64 (examples,).

    Parameters
    ----------
    dense, compressed : int (members, examples), each in [0, classes)
    both : the votes of these two
    """
    members, others, examples = len(dense), len(compressed), dense.shape[1]
    if paired:
        differs = dense != compressed
        where = np.nonzero(differs)[1]
        codes = np.concatenate([where * classes + said[differs] for said in (dense, compressed)])
        discordant = np.bincount(np.searchsorted(both.code, codes), minlength=len(both.code))
        return _by_example(chance_apart_of_pairs(members)[discordant], both, examples, classes)
    return _by_example(chance_apart(members, others)[both.one + both.other], both, examples, classes)


def beyond_chance(distance: Floats, by_chance: Floats) -> Floats:
    """How far two populations are apart beyond chance, in [0, 1]: (d − e) / (2 − e), 0 where chance explains it all.

    As Cohen's kappa corrects agreement. 1 where all members of one population give a label that none of the other does,
    of several members; 0 for a pair of single models, of which nothing can be told from noise.

    Parameters
    ----------
    distance, by_chance : float64 (examples,), taxicab distances in [0, 2]
    """
    beyond = np.maximum(distance - by_chance, 0)
    return np.where(beyond > 1e-12, beyond / np.maximum(2 - by_chance, 1e-12), 0.0)  # 1e-12: sums of shares round
