"""What the audit counts, with other members: between drawn rows of a pool of models, many times.

The null, a comparison of equal sizes and a bootstrap differ in nothing but the rows that are drawn for each side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.audit.comparison.populations import Labels, Population
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.significance import t_test
from lesion.audit.inference.votes import Integers, Votes, votes
from lesion.audit.statistics.impact import Floats, normalised, recalls
from lesion.params.impact import Impact

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pool:
    """The models of one population or of two, one below the other.

    Attributes
    ----------
    prediction : int (models, examples)
    label : int (examples,), or None
    """

    prediction: Labels
    label: Labels | None
    classes: int

    @classmethod
    def of(cls, *populations: Population, classes: int) -> "Pool":
        """Dense first, then compressed: row M + k is member k of the second."""
        return cls(np.concatenate([one.prediction for one in populations]), populations[0].label, classes)

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
        """Recall (models, classes) and accuracy (models,)."""
        assert self.label is not None
        correct = self.prediction == self.label
        return recalls(correct, self.label, self.classes), correct.mean(axis=1)

    def modal_label(self, rows: Rows) -> Integers:
        """The label that most of these models give, ties to the largest class id; one drawn twice votes twice."""
        times = np.bincount(rows, minlength=len(self.prediction)).astype(np.float32)
        count = (times @ self._given).astype(np.int64)  # whole numbers below 2**24 are exact in float32
        return np.asarray(np.maximum.reduceat(count * self.classes + self._cast.label, self._cast.first) % self.classes)

    def recall(self, rows: Rows, settings: Impact, *, paired: bool) -> Floats:
        """Normalised recalls of these models: float64 (rows, classes)."""
        recall, accuracy = self._right
        return normalised(recall[rows], accuracy[rows], settings.normalise, paired=paired)


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


def counts(pool: Pool, ones: Rows, others: Rows, *, settings: Impact, paired: bool) -> pd.DataFrame:
    """One row a draw: pie and, where labels are known, significant_classes (p < alpha) and significant_classes_fdr.

    As `grade` and `class_impact` count them between the models `ones[k]` and `others[k]` of the pool.

    Parameters
    ----------
    ones, others : int64 (draws, members), rows of the pool; row k of both belong together where `paired`
    """
    table = {"pie": [int(flags.sum()) for flags in pie_flags(pool, ones, others)]}
    if pool.label is not None:
        found = [
            t_test(*(pool.recall(rows, settings, paired=paired) for rows in (other, one)), paired=paired).p
            for one, other in zip(ones, others, strict=True)
        ]
        table["significant_classes"] = [int((p < settings.alpha).sum()) for p in found]
        table["significant_classes_fdr"] = [int((q_values(p) < settings.alpha).sum()) for p in found]
    return pd.DataFrame(table)
