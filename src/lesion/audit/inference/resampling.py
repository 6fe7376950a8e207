"""What the audit counts, with other members: between drawn rows of a pool of models, many times.

The null, a comparison of equal sizes and a bootstrap differ in nothing but the rows that are drawn for each side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.recall import Floats, normalised, recalls
from lesion.audit.inference.significance import t_test
from lesion.audit.inference.votes import Integers, Votes, votes

Labels = npt.NDArray[np.integer]
Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pool:
    """The models of one population or of two, one below the other.

    Attributes
    ----------
    prediction : int (models, examples), each in [0, classes)
    label : int (examples,), each in [0, classes); None where classes are not counted
    classes : how many there are; recall is that of the classes that occur in `label`
    ties : as `votes.modal_label` takes them
    """

    prediction: Labels
    label: Labels | None
    classes: int
    ties: str

    @cached_property
    def _cast(self) -> Votes:
        return votes(self.prediction, self.classes)

    @cached_property
    def _given(self) -> npt.NDArray[np.float32]:
        """Who gives which of the labels that anyone gives: 0 or 1, (models, entries of the votes)."""
        cast, examples = self._cast, np.arange(self.prediction.shape[1])
        codes = cast.example * self.classes + cast.label
        given = np.zeros((len(self.prediction), len(codes)), dtype=np.float32)
        for row, said in zip(given, self.prediction, strict=True):
            row[np.searchsorted(codes, examples * self.classes + said)] = 1
        return given

    @cached_property
    def _right(self) -> tuple[Floats, Floats]:
        """Recall (models, classes that occur) and accuracy (models,)."""
        assert self.label is not None
        correct = self.prediction == self.label
        present, stratum = np.unique(self.label, return_inverse=True)
        return recalls(correct, stratum, len(present)), correct.mean(axis=1)

    def modal_label(self, rows: Rows) -> Integers:
        """The label that most of these models give; one drawn twice votes twice. The first row is the first member."""
        cast = self._cast
        times = np.bincount(rows, minlength=len(self.prediction)).astype(np.float32)
        count = (times @ self._given).astype(np.int64)  # whole numbers below 2**24 are exact in float32
        largest = np.maximum.reduceat(count * self.classes + cast.label, cast.first)
        label = largest % self.classes
        if self.ties == "member":
            most = count == (largest // self.classes)[cast.example]
            tied = np.add.reduceat(most, cast.first, dtype=np.int64) > 1
            label[tied] = self._first_given(rows, np.flatnonzero(tied), most & tied[cast.example])
        return np.asarray(label)

    def _first_given(self, rows: Rows, examples: Integers, among: Flags) -> Integers:
        """The first label that one of these models gives to each example `among` entries of the votes: (examples,)."""
        cast, said = self._cast, self.prediction[np.ix_(rows, examples)]
        codes = cast.example[among] * self.classes + cast.label[among]
        given = np.isin(examples * self.classes + said, codes)
        return np.asarray(said[given.argmax(axis=0), np.arange(len(examples))])

    def recall(self, rows: Rows, *, own: bool) -> Floats:
        """Normalised recalls of these models: float64 (rows, classes that occur)."""
        recall, accuracy = self._right
        return normalised(recall[rows], accuracy[rows], own=own)


def draw_members(rng: np.random.Generator, *, members: int, resamples: int) -> Rows:
    """Rows of members, drawn with replacement: int64 (resamples, members)."""
    return rng.integers(0, members, (resamples, members))


def bootstrap(
    rng: np.random.Generator, *, dense: int, compressed: int, resamples: int, paired: bool
) -> tuple[Rows, Rows]:
    """Rows of a pool of two populations, each drawn with replacement, pairs together."""
    ones = draw_members(rng, members=dense, resamples=resamples)
    others = ones if paired else draw_members(rng, members=compressed, resamples=resamples)
    return ones, dense + others


def draw_halves(members: int, size: int, splits: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Two disjoint sets of `size` members, many times: all ways where there are no more than `splits`, else random
    ones.

    Returns
    -------
    int64 (ways, size), int64 (ways, size)
    """
    if comb(members, 2 * size) * comb(2 * size, size) // 2 <= splits:
        ways = [
            ((chosen[0], *half), tuple(member for member in chosen[1:] if member not in half))
            for chosen in combinations(range(members), 2 * size)
            for half in combinations(chosen[1:], size - 1)
        ]
        ones, others = (np.array(side) for side in zip(*ways, strict=True))
        return ones, others
    drawn = np.array([rng.permutation(members)[: 2 * size] for _ in range(splits)])
    return np.sort(drawn[:, :size]), np.sort(drawn[:, size:])


def draw_subsets(members: int, size: int, draws: int, rng: np.random.Generator) -> Rows:
    """Members drawn without replacement, each draw by itself: int64 (draws, size)."""
    return np.array([np.sort(rng.permutation(members)[:size]) for _ in range(draws)])


def draw_swaps(pairs: int, splits: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Rows of a pool with the members of some pairs swapped: all ways where there are no more than `splits`.

    Swapping all pairs changes no count, so the first pair is never swapped where all ways are taken.
    """
    if pairs - 1 < 63 and 2 ** (pairs - 1) <= splits:
        swapped = (np.arange(2 ** (pairs - 1))[:, None] >> np.arange(pairs)[::-1]) & 1
    else:
        swapped = rng.integers(0, 2, (splits, pairs))
    rows = np.arange(pairs)
    return rows + pairs * swapped, rows + pairs * (1 - swapped)


def pie_flags(pool: Pool, ones: Rows, others: Rows) -> Iterator[Flags]:
    """For each draw, which examples have another modal label on the other side: bool (examples,)."""
    for one, other in zip(ones, others, strict=True):
        yield pool.modal_label(one) != pool.modal_label(other)


def counts(pool: Pool, ones: Rows, others: Rows, *, alpha: float, own: bool, paired: bool) -> pd.DataFrame:
    """One row a draw: pie and, where labels are known, significant_classes (p < alpha) and significant_classes_fdr.

    As the tables of PIE and of classes count them between the models `ones[k]` and `others[k]` of the pool.

    Parameters
    ----------
    ones, others : int64 (draws, members), rows of the pool; row k of both belong together where `paired`
    own : recall is relative to each member's own accuracy (`recall.takes_own_accuracy`)
    """
    table = {"pie": [int(flags.sum()) for flags in pie_flags(pool, ones, others)]}
    if pool.label is not None:
        found = [
            t_test(*(pool.recall(rows, own=own) for rows in (other, one)), paired=paired).p
            for one, other in zip(ones, others, strict=True)
        ]
        table["significant_classes"] = [int((p < alpha).sum()) for p in found]
        table["significant_classes_fdr"] = [int((q_values(p) < alpha).sum()) for p in found]
    return pd.DataFrame(table)
