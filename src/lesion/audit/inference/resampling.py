"""What the audit counts, with other members: between drawn rows of a pool of models, many times.

The null and a bootstrap differ in nothing but the rows that are drawn for each side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.audit.inference.kinds import KINDS, kinds
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.recall import Floats, normalised, recalls
from lesion.audit.inference.significance import t_test
from lesion.audit.inference.votes import Integers, Votes, given, votes

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
    def _first(self) -> Integers:
        """Where the entries of each example begin."""
        return self._cast.first

    @cached_property
    def _entries(self) -> Integers:
        """How many entries each example has."""
        return np.diff(self._first, append=len(self._cast.label))

    @cached_property
    def _given(self) -> npt.NDArray[np.uint8]:
        """Who gives which of the labels that anyone gives: 0 or 1, (models, entries of the votes)."""
        code = self._cast.example * self.classes + self._cast.label
        return given(self.prediction, code, self.classes, np.uint8)

    @cached_property
    def _right(self) -> tuple[Floats, Floats]:
        """Recall (models, classes that occur) and accuracy (models,)."""
        assert self.label is not None
        correct = self.prediction == self.label
        present, stratum = np.unique(self.label, return_inverse=True)
        return recalls(correct, stratum, len(present)), correct.mean(axis=1)

    def modal_label(self, rows: Rows) -> Integers:
        """The label that most of these models give; one drawn twice votes twice. The first row is the first member."""
        count = self._count(rows)
        largest = np.maximum.reduceat(count.astype(np.int64) * self.classes + self._cast.label, self._first)
        label = largest % self.classes
        if self.ties == "member":
            most = count == np.repeat((largest // self.classes).astype(count.dtype), self._entries)
            tied = np.add.reduceat(most, self._first, dtype=np.int64) > 1
            label[tied] = self._first_given(rows, np.flatnonzero(tied), most & np.repeat(tied, self._entries))
        return np.asarray(label)

    def taxicab(self, ones: Rows, others: Rows) -> Floats:
        """The distance between the answers of two sets of models (`disagreement.taxicab`): float64 (examples,)."""
        one, other = (self._count(rows).astype(np.int64) for rows in (ones, others))
        apart = np.add.reduceat(np.abs(one * len(others) - other * len(ones)), self._first)
        return np.asarray(apart / (len(ones) * len(others)))  # equal distances stay equal: shares would round

    def _count(self, rows: Rows) -> npt.NDArray[Any]:
        """The votes of these models for each entry; rows are added as bytes, which is what takes the least memory."""
        count: npt.NDArray[Any] = np.zeros(len(self._cast.label), dtype=np.uint8 if len(rows) < 2**8 else np.uint16)
        for row in rows:
            count += self._given[row]
        return count

    def _first_given(self, rows: Rows, examples: Integers, among: Flags) -> Integers:
        """The first label that one of these models gives to each example `among` entries of the votes: (examples,)."""
        cast, said = self._cast, self.prediction[np.ix_(rows, examples)]
        codes = cast.example[among] * self.classes + cast.label[among]
        best = np.isin(examples * self.classes + said, codes)
        return np.asarray(said[best.argmax(axis=0), np.arange(len(examples))])

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


def pie_flags(pool: Pool, ones: Rows, others: Rows) -> Iterator[Flags]:
    """For each draw, which examples have another modal label on the other side: bool (examples,)."""
    for one, other in zip(ones, others, strict=True):
        yield pool.modal_label(one) != pool.modal_label(other)


def counts(pool: Pool, ones: Rows, others: Rows, *, alpha: float, own: bool, paired: bool) -> pd.DataFrame:
    """One row a draw: pie; where labels are known also forgotten, learnt and moved (`kinds`), and of several classes
    significant_classes (p < alpha) and significant_classes_fdr.

    PIE are as their table counts them between the models `ones[k]` and `others[k]` of the pool. Classes are counted by
    textbook t-tests: a moderated one takes a model that is drawn twice for two that agree.

    Parameters
    ----------
    ones, others : int64 (draws, members), rows of the pool; row k of both belong together where `paired`
    own : recall is relative to each member's own accuracy (`recall.takes_own_accuracy`)
    """
    drawn = list(zip(ones, others, strict=True))
    found = [kinds(pool.modal_label(one), pool.modal_label(other), pool.label).sum(axis=1) for one, other in drawn]
    table = {kind: [int(row[place]) for row in found] for place, kind in enumerate(KINDS[: len(found[0])])}
    if pool.label is not None and np.ptp(pool.label):  # of a single class the recall is the accuracy
        p = [t_test(*(pool.recall(rows, own=own) for rows in (other, one)), paired=paired).p for one, other in drawn]
        table["significant_classes"] = [int((values < alpha).sum()) for values in p]
        table["significant_classes_fdr"] = [int((q_values(values) < alpha).sum()) for values in p]
    return pd.DataFrame(table)
