"""Whether some examples have larger values than others of their stratum: a rank test, its effect and an interval.

The effect is the rank-biserial correlation within strata: of all pairs of a chosen example and another of its stratum,
the share in which the chosen one is larger less the share in which it is smaller. Ties count for neither.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]

DRAWS = 9_999
"""Relabellings that are drawn."""
AT_ONCE = 4_000_000
"""Numbers that are drawn at a time."""
SLACK = 1e-9


class Difference(NamedTuple):
    """How the values of chosen examples differ from those of others.

    Attributes
    ----------
    effect : in [−1, 1], above 0 where the chosen are larger; NaN where no stratum has both kinds
    low, high : its 95 % interval over examples; NaN for fewer than two chosen ones
    p : two-sided, of the test that it does not matter which examples of a stratum are chosen; 1 where all values of
        each stratum are equal, NaN where no stratum has both kinds
    """

    effect: float
    low: float
    high: float
    p: float


def difference(
    values: npt.NDArray[np.floating],
    chosen: npt.NDArray[np.bool_],
    stratum: npt.NDArray[np.integer],
    rng: np.random.Generator,
) -> Difference:
    """Compare the values of `chosen` examples with those of the others of their stratum; each array (examples,).

    The test draws which examples of each stratum are chosen, as many as are (van Elteren's statistic with the number of
    pairs as weights): its level holds whatever the ties and however few are chosen. The interval is that of DeLong's
    variance, with the t distribution of as many degrees of freedom as chosen examples less one. The variance is not
    taken below that of the effect under relabelling: where most values are equal, few chosen examples show too little.
    """
    strata = [Stratum(values[one], chosen[one]) for one in _members(stratum) if chosen[one].any()]
    strata = [one for one in strata if one.pairs]
    if not strata:
        return Difference(np.nan, np.nan, np.nan, np.nan)
    pairs = sum(one.pairs for one in strata)
    total = sum(one.total for one in strata)
    drawn = np.sum([one.relabelled(rng) for one in strata], axis=0)
    p = (1 + np.count_nonzero(np.abs(drawn) >= abs(total) - SLACK)) / (1 + DRAWS)
    effect = total / pairs
    count = sum(len(one.wins) for one in strata)
    if count < 2:
        return Difference(effect, np.nan, np.nan, p)
    delong = _variance(np.concatenate([one.wins - effect * len(one.losses) for one in strata]))
    delong += _variance(np.concatenate([one.losses - effect * len(one.wins) for one in strata]))
    variance = max(delong, sum(one.variance for one in strata)) / pairs**2
    half = float(stats.t.ppf(0.975, count - 1)) * np.sqrt(variance)
    return Difference(effect, max(-1.0, effect - half), min(1.0, effect + half), p)


class Stratum:
    """The examples of one stratum.

    Attributes
    ----------
    wins : of each chosen example, the others that are smaller less those that are larger; float64 (chosen,)
    losses : of each other example, the chosen that are larger less those that are smaller; float64 (others,)
    total : the sum of either
    pairs : how many pairs of a chosen example and another there are
    variance : of `total`, if the chosen ones were drawn
    """

    def __init__(self, values: npt.NDArray[np.floating], chosen: npt.NDArray[np.bool_]) -> None:
        own, others = np.sort(values[chosen]), np.sort(values[~chosen])
        self.wins = _smaller(others, own) - _larger(others, own)
        self.losses = _larger(own, others) - _smaller(own, others)
        self.total, self.pairs = float(self.wins.sum()), len(own) * len(others)
        count = len(values)
        self._scores = 2 * stats.rankdata(values) - (count + 1)  # their sum over the chosen is `total`
        self.variance = float(self.pairs / (count * max(count - 1, 1)) * (self._scores**2).sum())

    def relabelled(self, rng: np.random.Generator) -> Floats:
        """`total` for examples that are drawn as the chosen ones: float64 (DRAWS,)."""
        count, own = len(self._scores), len(self.wins)
        found = np.empty(DRAWS)
        for start in range(0, DRAWS, step := max(1, AT_ONCE // count)):
            draws = len(found[start : start + step])
            picked = np.argpartition(rng.random((draws, count)), own - 1, axis=1)[:, :own]
            found[start : start + step] = self._scores[picked].sum(axis=1)
        return found


def _members(stratum: npt.NDArray[np.integer]) -> list[npt.NDArray[np.intp]]:
    order = np.argsort(stratum, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(stratum[order])) + 1)


def _smaller(ordered: Floats, values: Floats) -> Floats:
    """How many of `ordered` are smaller than each of `values`."""
    return np.searchsorted(ordered, values, side="left").astype(np.float64)


def _larger(ordered: Floats, values: Floats) -> Floats:
    """How many of `ordered` are larger than each of `values`."""
    return len(ordered) - np.searchsorted(ordered, values, side="right").astype(np.float64)


def _variance(parts: Floats) -> float:
    """The variance of a sum of independent parts of mean zero."""
    count = len(parts)
    return float((parts**2).sum()) * count / max(count - 1, 1)
