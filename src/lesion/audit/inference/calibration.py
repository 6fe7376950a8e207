"""How well confidence tells whether an answer is right.

Confidence is the probability that a model gives to its own answer; r is 1 for a right answer and 0 for a wrong one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from lesion.audit.inference.mean_changes import Measured
from lesion.audit.inference.pairs import wilson
from lesion.audit.inference.parts import Parts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]
Probabilities = npt.NDArray[np.float32]

BINS = 15  # of equal width, as Guo et al. 2017 have them
CLIP = 2.0**-23  # a smaller probability counts as this one: the step of float32 above 1, as in scikit-learn


def log_loss(probability: Probabilities) -> Probabilities:
    """−log p of each probability, at least `CLIP`, of what happened (Good 1952): float32, same shape."""
    return np.asarray(-np.log(np.maximum(probability, np.float32(CLIP))))


def answer_losses(confidence: Probabilities, right: Flags) -> dict[str, Probabilities]:
    """What confidence loses as a forecast of whether the answer is right: measure → float32 (members, examples).

    brier : (c − r)², which is half the score of Brier (1950) for the two outcomes right and wrong
    log_loss : −log c of a right answer, −log (1 − c) of a wrong one
    overconfidence : c − r, whose mean is mean confidence less accuracy

    Parameters
    ----------
    confidence : float32 (members, examples), of the answer given
    right : bool (members, examples)
    """
    beyond = confidence - right.astype(np.float32)
    of_what_was = np.where(right, confidence, 1 - confidence)
    return {"brier": beyond**2, "log_loss": log_loss(of_what_was), "overconfidence": beyond}


def bin_of(confidence: Probabilities) -> npt.NDArray[np.int64]:
    """The bin of each confidence: b for b / BINS < c ≤ (b + 1) / BINS, and 0 for c = 0; int64, same shape."""
    # in float32, where 0.2 × 15 is 3: a confidence that is written as 0.2 lies at an edge
    return np.asarray(np.maximum(np.ceil(confidence * np.float32(BINS)).astype(np.int64) - 1, 0))


def calibration_error(confidence: Probabilities, right: Flags, parts: Parts) -> Measured:
    """Expected calibration error of each member within each part, less what chance adds to it.

    The error is the sum over bins of |S|, with S the sum of c − r in the bin over the number of examples of the part
    (Guo et al. 2017, equation 3). S varies with the examples, so |S| is too large on average, more so with fewer
    examples. What is taken off is what the normal distribution N(S, σ²) adds to |S|: the sum of 2 |S| − E|N(S, σ²)|.
    That is the debiased error of Kumar et al. 2019 (their library's `normal_debiased_ce`), with the mean of the folded
    normal distribution in closed form. Where it is below 0 it is 0.

    A bias is left where S is near 0. `bias` holds the largest for any true S within two σ. The table holds
    (c − r) · sign(S), the derivative of the error by the weight of an example.
    """
    beyond, place = confidence.astype(np.float64) - right, bin_of(confidence)
    row, mean, bias = np.empty((3, len(beyond), parts.count))
    table = np.empty(beyond.shape)
    for member, (values, at) in enumerate(zip(beyond, place, strict=True)):
        code = parts.part * BINS + at
        share = _by_bin(code, values, parts.count) / parts.size[:, None]
        deviation = np.sqrt(_variance(at, values, share, parts))
        mean[member] = np.abs(share).sum(axis=1)
        row[member] = np.maximum(2 * mean[member] - _folded(share, deviation).sum(axis=1), 0)
        bias[member] = _bias_left(share, deviation).sum(axis=1)
        table[member] = np.sign(share).ravel()[code] * values
    return Measured(row, table, mean, bias.mean(axis=0))


def _by_bin(code: Integers, values: Floats, count: int) -> Floats:
    """Sums of values by `part × BINS + bin`: float64 (parts, BINS)."""
    return np.asarray(np.bincount(code, weights=values, minlength=count * BINS).reshape(count, BINS), dtype=np.float64)


def _variance(at: Integers, values: Floats, share: Floats, parts: Parts) -> Floats:
    """Variance of `share`, float64 (parts, BINS), if other units were drawn; 0 in a part of a single unit."""
    size = parts.size[:, None]
    if parts.cluster is None:
        left = _by_bin(parts.part * BINS + at, values**2, parts.count) - size * share**2
    else:
        total = _by_bin(parts.unit * BINS + at, values, len(parts.of_unit))
        total -= np.bincount(parts.unit)[:, None] * share[parts.of_unit]
        left = np.add.reduceat(total**2, np.searchsorted(parts.of_unit, np.arange(parts.count)), axis=0)
    return np.asarray(np.maximum(left, 0) * np.nan_to_num(parts.correction)[:, None] / size**2)


def _folded(mean: Floats, deviation: Floats) -> Floats:
    """E|X| of a normal X (Leone, Nelson & Nottingham 1961); |mean| where the deviation is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(deviation > 0, mean / deviation, np.inf)
        spread = deviation * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2)
    return np.where(deviation > 0, spread + mean * special.erf(ratio / np.sqrt(2)), np.abs(mean))


def _bias_left(share: Floats, deviation: Floats) -> Floats:
    """How much too large 2 |S| − E|N(S, σ²)| is on average, at most, if the mean of S lies within two σ of `share`."""
    nearest = np.maximum(np.abs(share) - 2 * deviation, 0)
    expected = 2 * _folded(nearest, deviation) - _folded(nearest, np.sqrt(2) * deviation)
    return np.maximum(expected - nearest, 0)


@dataclass(frozen=True)
class Bins:
    """The bins that hold answers, each (bins,).

    Attributes
    ----------
    place : int64, in [0, BINS)
    answers : int64
    confidence, accuracy : float64, means over the answers
    low, high : float64, the 95 % interval of the accuracy
    """

    place: npt.NDArray[np.int64]
    answers: npt.NDArray[np.int64]
    confidence: Floats
    accuracy: Floats
    low: Floats
    high: Floats


def reliability(confidence: Probabilities, right: Flags, cluster: Integers | None) -> Bins:
    """Confidence and accuracy bin by bin, the answers of all members together.

    The interval is Wilson's (1927) for other examples, of these members. The answers to an example, or to those of a
    cluster, are not independent, so the interval takes as many answers as would vary as much if they were: fewer by the
    design effect, as Korn & Graubard (1998) do for clustered samples. Where all answers are right, or all wrong, that
    is the number of examples or clusters.

    Parameters
    ----------
    confidence : float32 (members, examples), of the answer given
    right : bool (members, examples)
    cluster : int (examples,), 0 and up: examples of one number belong together; None: each is alone
    """
    unit = np.arange(right.shape[1]) if cluster is None else cluster
    at, count = bin_of(confidence), int(unit.max()) + 1
    code = (at * count + unit).ravel()
    answers = np.bincount(code, minlength=BINS * count).reshape(BINS, count)
    hits = np.bincount(code, weights=right.ravel(), minlength=BINS * count).reshape(BINS, count)
    held = np.flatnonzero(answers.sum(axis=1))
    answers, hits = answers[held], hits[held]
    total = answers.sum(axis=1)
    accuracy = hits.sum(axis=1) / total
    effective = _effective(answers, hits, accuracy)
    said = np.bincount(at.ravel(), weights=confidence.ravel(), minlength=BINS)[held] / total
    return Bins(held, total, said, accuracy, *wilson(accuracy * effective, effective))


def _effective(answers: npt.NDArray[np.integer], hits: npt.NDArray[Any], accuracy: Floats) -> Floats:
    """How many independent answers vary as these of (bins, units): float64 (bins,), no more than there are."""
    total, units = answers.sum(axis=1), (answers > 0).sum(axis=1)
    square = ((hits - answers * accuracy[:, None]) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = accuracy * (1 - accuracy) * total**2 / square
    return np.asarray(np.where(square > 0, np.minimum(found, total), units), dtype=np.float64)
