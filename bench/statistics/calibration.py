"""Whether intervals of changes of calibration hold the truth: calibrated and too sure models, many and few examples.

A model is right with a probability of its own for each example, and its confidence is that probability or a sharper
one, so the truth is known. Luck is shared: where one member is right, others mostly are. Models that are quantised
differ by a little noise on their logits, so few answers change.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtr, softmax

from bench.statistics.rate import Rate
from lesion.audit.inference.calibration import answer_losses, bin_of, calibration_error, log_loss
from lesion.audit.inference.mean_changes import Measured, mean_change, means
from lesion.audit.inference.parts import Parts

Floats = npt.NDArray[np.float64]
Answers = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]  # confidence, right: (members, examples)

MEASURES = ("ece", "brier", "log_loss")
PROMISED, LARGE = 0.95, 1_000_000
EASE, SPREAD, SHARED = 2.0, 1.8, 0.7  # of examples, on the logit; share of luck that members have in common
CLUSTER, TOGETHER = 10, 0.5  # examples of a cluster; share of ease and luck that they have in common
CELLS = [  # examples, members, paired, studies
    (200, 1, True, 1_000), (1_000, 1, True, 1_000), (10_000, 1, True, 200),
    (1_000, 3, True, 400), (1_000, 3, False, 400),
    (200, 10, True, 400), (1_000, 10, True, 200), (1_000, 10, False, 200),
]  # fmt: skip
SURE = [(1.0, 1.0), (1.0, 1.5), (1.5, 1.0)]  # how much sharper than the truth dense and compressed confidences are
NAMES = {1.0: "calibrated", 1.5: "too sure"}


@dataclass(frozen=True)
class Study:
    """What a side is drawn from; `able`, `noise`: spread of members, and of members on one example, on the logit."""

    examples: int
    members: int
    paired: bool
    clusters: bool = False

    @property
    def able(self) -> float:
        """A single model stands for itself."""
        return 0.15 if self.members > 1 else 0.0

    def parts(self, studies: int) -> Parts:
        part = np.repeat(np.arange(studies), self.examples)
        return Parts(part, studies, np.arange(len(part)) // CLUSTER if self.clusters else None)

    def common(self, rng: np.random.Generator, count: int) -> Floats:
        """Standard normal numbers of examples, alike within a cluster."""
        own = rng.normal(0, 1, count)
        if not self.clusters:
            return own
        shared = np.repeat(rng.normal(0, 1, count // CLUSTER), CLUSTER)
        return np.asarray(np.sqrt(TOGETHER) * shared + np.sqrt(1 - TOGETHER) * own)


def probability(logit: Floats) -> Floats:
    """Of ten classes no answer has less than a tenth."""
    return np.asarray(0.1 + 0.9 * expit(logit))


def drawn(study: Study, sharp: tuple[float, float], studies: int, rng: np.random.Generator) -> list[Answers]:
    """Both sides of so many studies, one after the other."""
    count = study.examples * studies
    ease, luck = EASE + SPREAD * study.common(rng, count), study.common(rng, count)
    shape, sides = (study.members, studies), []
    able, noise = rng.normal(0, study.able, shape), rng.normal(0, 0.4, (study.members, count))
    for side, by in enumerate(sharp):
        if side and study.paired:
            able, noise = able + rng.normal(0, study.able / 3, shape), noise + rng.normal(0, 0.15, noise.shape)
        elif side:
            able, noise = rng.normal(0, study.able, shape), rng.normal(0, 0.4, noise.shape)
        logit = ease + np.repeat(able, study.examples, axis=1) + noise
        fate = np.sqrt(SHARED) * luck + np.sqrt(1 - SHARED) * rng.normal(0, 1, noise.shape)
        sides.append((probability(logit * by).astype(np.float32), ndtr(fate) < probability(logit)))
    return sides


def truth(study: Study, sharp: tuple[float, float], rng: np.random.Generator) -> dict[str, float]:
    """The change of each measure over all members and examples."""
    found = []
    for side, by in enumerate(sharp):
        able, noise = np.array([study.able, 0.4]) * (np.hypot(1, [1 / 3, 0.375]) if side and study.paired else 1.0)
        abilities = np.linspace(-2, 2, 9) * able
        weight = np.exp(-(np.linspace(-2, 2, 9) ** 2) / 2)
        errors = [_errors(EASE + rng.normal(0, SPREAD, LARGE // 9) + rng.normal(0, noise, LARGE // 9) + a, by)
                  for a in abilities]  # fmt: skip
        found.append({name: np.average([each[name] for each in errors], weights=weight) for name in MEASURES})
    return {name: float(found[1][name] - found[0][name]) for name in MEASURES}


def _errors(logit: Floats, by: float) -> dict[str, float]:
    p, sure = probability(logit), probability(logit * by).astype(np.float32)
    c = sure.astype(np.float64)
    loss = p * log_loss(sure) + (1 - p) * log_loss(1 - sure)
    error = np.abs(np.bincount(bin_of(sure), weights=c - p)).sum() / len(p)
    return {"ece": error, "brier": np.mean(p * (1 - c) ** 2 + (1 - p) * c**2), "log_loss": np.mean(loss)}


def measured(answers: Answers, parts: Parts) -> dict[str, Measured]:
    """The measures of one side."""
    losses = answer_losses(*answers)
    return {"ece": calibration_error(*answers, parts)} | {name: means(losses[name], parts) for name in MEASURES[1:]}


def held(dense: Measured, compressed: Measured, parts: Parts, expected: float, *, paired: bool) -> float:
    """In how many studies the interval holds the expected change."""
    found = mean_change(dense, compressed, parts, paired=paired)
    return float(np.mean((found.low <= expected) & (expected <= found.high)))


def plain(one: Measured) -> Measured:
    """The calibration error as it is usually estimated."""
    return replace(one, row=one.mean, bias=0.0)


def told(study: Study) -> str:
    """What kind of study it is."""
    models = "single models" if study.members == 1 else f"{study.members} {'pairs' if study.paired else 'v the same'}"
    return f"{study.examples:,} examples{' in clusters of ten' if study.clusters else ''}, {models}"


def cell(study: Study, studies: int, rng: np.random.Generator) -> Iterator[Rate]:
    """Coverage of each measure, for models that are calibrated and that are not."""
    parts = study.parts(studies)
    for sharp in SURE:
        before, after = (measured(side, parts) for side in drawn(study, sharp, studies, rng))
        expected, who = truth(study, sharp, rng), f"{NAMES[sharp[0]]} to {NAMES[sharp[1]]}, {told(study)}"
        for name in MEASURES:
            rate = held(before[name], after[name], parts, expected[name], paired=study.paired)
            yield Rate(f"95 % interval of the change of {name}: {who}", rate, PROMISED, studies, "at least")
        if sharp[0] != sharp[1] and study.members > 1:
            rate = held(plain(before["ece"]), plain(after["ece"]), parts, expected["ece"], paired=study.paired)
            yield Rate(f"the same of ece as usually estimated: {who}", rate, None, studies)


def quantised(examples: int, shrunk: float, studies: int, rng: np.random.Generator) -> Iterator[Rate]:
    """Single models of ten classes whose logits change a little, by a factor and by noise: few answers change."""

    def both(count: int) -> list[Answers]:
        logit = rng.normal(0, 6, (count, 10)).astype(np.float32)
        label = (logit + rng.gumbel(size=logit.shape)).argmax(axis=1)
        after = shrunk * logit + rng.normal(0, 0.03, logit.shape).astype(np.float32)
        return [(softmax(2 * one, axis=1).max(axis=1)[None], (one.argmax(axis=1) == label)[None])
                for one in (logit, after)]  # fmt: skip

    parts, whole = Study(examples, 1, paired=True).parts(studies), Parts(np.zeros(LARGE, dtype=np.int64), 1)
    large = [measured(side, whole) for side in both(LARGE)]
    before, after = (measured(side, parts) for side in both(examples * studies))
    for name in MEASURES:
        expected = float(large[1][name].mean[0, 0] - large[0][name].mean[0, 0])
        rate = held(before[name], after[name], parts, expected, paired=True)
        who = f"quantised, logits times {shrunk:g}, {examples:,} examples"
        yield Rate(f"95 % interval of the change of {name}: {who}", rate, PROMISED, studies, "at least")


def rows() -> Iterator[Rate]:
    """The cells, less than two minutes of one core."""
    rng = np.random.default_rng(17)
    for examples, members, paired, studies in CELLS:
        yield from cell(Study(examples, members, paired), studies, rng)
    yield from cell(Study(1_000, 1, paired=True, clusters=True), 1_000, rng)
    for examples in (50, 200, 1_000):
        for shrunk in (1.0, 0.97):
            yield from quantised(examples, shrunk, 1_000, rng)
