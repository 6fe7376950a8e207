"""How far the counts of the audit would move with other members of the same populations: a bootstrap over members.

Members of both populations are drawn with replacement, each population by itself, and PIE and significant classes are
counted between the drawn ones. A drawn population holds some members twice, so it has fewer opinions than the real one
and its counts are too high on average. Their spread alone is used: the band of a count is the count itself ± 1.96
standard deviations of the resampled counts, cut off at what a count can be.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.audit.impact import Floats, normalised, recalls, welch_t_test
from lesion.audit.pie import votes
from lesion.audit.populations import Labels, Population
from lesion.params.impact import Impact

Drawn = npt.NDArray[np.int64]

DEVIATIONS = 1.96  # on either side: 95 % of a normal distribution


@dataclass(frozen=True)
class Resampled:
    """What the counts need of one population, its members drawn many times.

    Attributes
    ----------
    modal_label : int16 (resamples, examples)
    recall : float64 (members, resamples, classes), normalised
    """

    modal_label: Labels
    recall: Floats


def draw_members(rng: np.random.Generator, *, members: int, resamples: int) -> Drawn:
    """Rows of members, drawn with replacement: int64 (resamples, members)."""
    return rng.integers(0, members, (resamples, members))


def resampled_modal_labels(prediction: Labels, drawn: Drawn, classes: int) -> Labels:
    """The modal label of each example for each draw, ties to the largest class id: int16 (resamples, examples).

    A member that is drawn twice votes twice. Labels that nobody gives cannot win, so the votes are counted for those
    alone that some member gives: a product of how often members are drawn with who gives what.
    """
    members, examples = prediction.shape
    cast = votes(prediction, classes)
    entry = np.searchsorted(cast.example * classes + cast.label, np.arange(examples) * classes + prediction)
    given = np.zeros((members, len(cast.label)), dtype=np.float32)  # whole numbers below 2**24: exact
    np.put_along_axis(given, entry, 1, axis=1)
    labels = np.empty((len(drawn), examples), dtype=np.int16)
    for row, chosen in zip(labels, drawn, strict=True):
        count = (np.bincount(chosen, minlength=members).astype(np.float32) @ given).astype(np.int64)
        row[:] = np.maximum.reduceat(count * classes + cast.label, cast.first) % classes
    return labels


def resample(population: Population, drawn: Drawn, *, classes: int, settings: Impact) -> Resampled:
    """Modal labels and normalised recalls of each draw."""
    recall, accuracy = recalls(population.correct, population.label, classes), population.correct.mean(axis=1)
    columns = [normalised(recall[rows], accuracy[rows], settings.normalise) for rows in drawn]
    return Resampled(resampled_modal_labels(population.prediction, drawn, classes), np.stack(columns, axis=1))


def resampled_counts(dense: Resampled, compressed: Resampled, *, alpha: float) -> pd.DataFrame:
    """One row a draw: pie and significant_classes, as `grade` and `class_impact` count them on the drawn members."""
    columns = [one.recall.reshape(len(one.recall), -1) for one in (compressed, dense)]  # each class of each draw
    _, _, p = welch_t_test(*columns)
    return pd.DataFrame(
        {
            "pie": (dense.modal_label != compressed.modal_label).sum(axis=1),
            "significant_classes": (p.reshape(dense.recall.shape[1:]) < alpha).sum(axis=1),
        }
    )


def band(count: int, resampled: pd.Series, most: int) -> tuple[float, float]:
    """Lower and upper end: `count` ± 1.96 standard deviations of the resampled counts, within 0 and `most`."""
    half = DEVIATIONS * float(resampled.std(ddof=1))
    return max(0.0, count - half), min(float(most), count + half)
