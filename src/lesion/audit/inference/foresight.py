"""How well a score that was known before tells which examples change: the area under the ROC curve, with an interval.

The area (AUROC) is the probability that an example that changes has a higher score than one that does not, ties
counting half. Its structural components (DeLong, DeLong & Clarke-Pearson, Biometrics 44, 1988) say what each example
adds to it, and so what clusters add (Obuchowski, Biometrics 53, 1997), and what the mean area of several scores
varies by.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.intervals import DEVIATIONS, LEVEL
from lesion.audit.inference.proportions import share_interval

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.integer]

STEPS = 60  # halvings of the search for an end of an interval
FEW = 2.0  # flagged examples: those seen must outweigh so many before their own spread is believed


@dataclass(frozen=True)
class Estimate:
    """A share or an area, and the ends of its 95 % interval for other examples of the same kind."""

    value: float
    low: float
    high: float


class Ranking:
    """The order of examples by a score, which is computed once for all events.

    Parameters
    ----------
    score : float (examples,), higher where a change is expected; equal scores share a rank
    """

    def __init__(self, score: Floats) -> None:
        self.order = np.argsort(score)
        self.first = np.flatnonzero(np.diff(score[self.order], prepend=np.nan) != 0)
        self.count = np.diff(self.first, append=len(score))

    def components(self, flagged: Flags) -> Floats:
        """What each example adds to the area: float64 (examples,); the mean over flagged ones, or over others, is it.

        Of a flagged example the share of the others whose score is lower, of another one the share of the flagged whose
        score is higher; equal scores count half.

        Parameters
        ----------
        flagged : bool (examples,), some true and some false
        """
        seen = flagged[self.order]
        hit = np.add.reduceat(seen, self.first, dtype=np.int64)
        miss = self.count - hit
        below = (np.cumsum(miss) - miss / 2) / miss.sum()
        above = (hit.sum() - np.cumsum(hit) + hit / 2) / hit.sum()
        return self._placed(np.where(seen, np.repeat(below, self.count), np.repeat(above, self.count)))

    def highest(self, part: float) -> Floats:
        """Which examples are among the `part` of all with the highest scores: float64 (2, examples).

        First how much of each example is: 1, 0, or between where examples share the score of the last one, each of
        which is as likely as another. Then how much of each lies about the end of that part, in ranks of 3/4 to 5/4 of
        it.
        """
        above = len(self.order) - self.first - self.count  # examples of a higher score
        ends = (size * part * len(self.order) for size in (1.0, 0.75, 1.25))
        whole, less, more = (np.clip((end - above) / self.count, 0, 1) for end in ends)
        return np.array([self._placed(np.repeat(values, self.count)) for values in (whole, more - less)])

    def _placed(self, ordered: Floats) -> Floats:
        found = np.empty(len(ordered))
        found[self.order] = ordered
        return found


def area(component: Floats, flagged: Flags, cluster: Integers | None = None) -> Estimate:
    """The area under the curve, NaN where all examples are flagged or none is.

    Parameters
    ----------
    component : float64 (examples,), of one score, or the mean over several scores of as many areas
    cluster : int (examples,), 0 and up: examples of one number belong together; None: each is alone
    """
    hits, misses = int(flagged.sum()), int((~flagged).sum())
    if not hits or not misses:
        return Estimate(np.nan, np.nan, np.nan)
    value = float(component[flagged].mean())
    margin = _deviations(flagged, cluster) ** 2 * _times(component, flagged, value, cluster)
    return Estimate(value, *(_end(value, hits, misses, margin, to) for to in (0.0, 1.0)))


def model_variance(value: float, hits: int, misses: int) -> float:
    """Variance of an area of exponential scores (Hanley & McNeil, Radiology 143, 1982, equation 1)."""
    both, twice = value / (2 - value), 2 * value**2 / (1 + value)
    square = value**2
    spread = value - square + (hits - 1) * (both - square) + (misses - 1) * (twice - square)
    return max(spread, 0.0) / (hits * misses)


def observed_variance(component: Floats, flagged: Flags, cluster: Integers | None = None) -> float:
    """DeLong's variance of an area, or Obuchowski's of examples in clusters; 0 for a single flagged example."""
    parts = [(component[part], part) for part in (flagged, ~flagged)]
    if cluster is None:
        return float(sum(values.var(ddof=1) / len(values) for values, _ in parts if len(values) > 1))
    total = np.zeros(int(cluster.max()) + 1)
    for values, part in parts:
        units = np.count_nonzero(np.bincount(cluster[part]))
        bessel = units / (units - 1) if units > 1 else 0.0
        beyond = (values - values.mean()) * np.sqrt(bessel) / len(values)
        total += np.bincount(cluster[part], weights=beyond, minlength=len(total))
    return float(np.square(total).sum())


def _times(component: Floats, flagged: Flags, value: float, cluster: Integers | None) -> float:
    """How many times the model's variance the area has, at least 1.

    The model's is that of independent examples with scores of a certain shape. Of few flagged examples it is believed,
    and clusters are taken for copies of one example; of many what was seen is.
    """
    hits, misses = int(flagged.sum()), int((~flagged).sum())
    model, seen = model_variance(value, hits, misses), observed_variance(component, flagged, cluster)
    copies = 1.0 if cluster is None else _copies(cluster, flagged)
    prior = model_variance(0.5, hits, misses) * FEW / hits
    return max(1.0, (seen + prior * copies) / (model + prior))


def _deviations(flagged: Flags, cluster: Integers | None) -> float:
    """How many standard errors an end is away: of clusters by Student's t, for few may have a flagged example."""
    if cluster is None:
        return DEVIATIONS
    units = np.count_nonzero(np.bincount(cluster[flagged]))
    return float(special.stdtrit(max(units - 1, 1), (1 + LEVEL) / 2))


def _end(value: float, hits: int, misses: int, margin: float, to: float) -> float:
    """The area, between `value` and `to`, that lies just so far from `value` that its own variance explains it.

    A score interval (Newcombe, Stat. Med. 25, 2006): it stays in [0, 1], and has a length where the area is 0 or 1.

    Parameters
    ----------
    margin : the square of the distance, over the model's variance
    """
    near, far = value, to
    for _ in range(STEPS):
        middle = (near + far) / 2
        if (middle - value) ** 2 <= margin * model_variance(middle, hits, misses):
            near = middle
        else:
            far = middle
    return near


def share_caught(among: Floats, flagged: Flags, cluster: Integers | None = None) -> Estimate:
    """The share of the flagged examples that are among those of highest score; NaN where none is flagged.

    Other examples have other scores, so the part of highest scores ends elsewhere: what that adds to the variance is
    the share of flagged examples about its end. The interval is that of as many independent examples as vary as much.

    Parameters
    ----------
    among : float64 (2, examples), as `Ranking.highest` gives it, or the mean over several scores
    """
    hits = int(flagged.sum())
    if not hits:
        return Estimate(np.nan, np.nan, np.nan)
    held, about = among
    value = float(held[flagged].mean())
    moves = float(about[flagged].sum() / about.sum()) if about.any() else 0.0
    apart = flagged * (held - value) - moves * (held - held.mean())
    copies = 1.0
    if cluster is not None:
        apart = np.bincount(cluster, weights=apart)
        copies = _copies(cluster, flagged)
    effect = (float(np.square(apart).sum()) + FEW * copies) / (hits * value * (1 - value) + FEW)
    return Estimate(value, *share_interval(value, hits / max(effect, 1.0)))


def _copies(cluster: Integers, flagged: Flags) -> float:
    """How many flagged examples the cluster of a flagged one has, on average."""
    return float(np.square(np.bincount(cluster[flagged])).sum() / flagged.sum())
