"""Whether a study finds the loss that its number of members was planned for, in hard and easy classes.

Pilots of ten members plan for a loss of one class; another class gains as much, so that accuracy stays. As
many members as the median of the plans then look for it. On the logit of being right examples are easy or hard, members
able in general and in each class; a member of a pair takes over some of its parent's answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.special import expit

from bench.statistics.rate import Rate
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.inference.power import MOST, members_needed
from lesion.audit.planning.power import comparison_spread, pilot_spread
from lesion.audit.statistics import impact
from lesion.params.design import Design
from lesion.params.impact import Impact
from lesion.params.normalise import Normalise

RUNS, PILOTS, MEMBERS, AIM, ALPHA = 300, 12, 10, 0.8, 0.05
LOSES, GAINS = 0, 1  # the classes that change
GAINING = 0.0  # mean logit of the class that gains, which has to be hard to gain

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Studies:
    """Studies of one kind.

    Attributes
    ----------
    typical : mean logit of being right in the class that loses; those of other classes lie from 0.5 to 2.5
    by : what the class loses, a fraction
    ease, ability, kinds : standard deviations, on the logit, of examples, of members, and of members in each class
    copied : of pairs, the share of answers that the compressed member takes over; None: members are independent
    """

    what: str
    typical: float
    by: float
    classes: int = 10
    each: int = 40
    normalise: Normalise = "member"
    ease: float = 1.5
    ability: float = 0.3
    kinds: float = 0.0
    copied: float | None = None


STUDIES = (
    Studies("class of medium recall", 1.5, 0.06),
    Studies("hard class", 0.0, 0.08),
    Studies("easy class", 3.5, 0.05),
    Studies("very easy class", 6.0, 0.04),
    Studies("twenty classes of a hundred", 1.5, 0.04, classes=20, each=100),
    Studies("twenty classes of a hundred, the population's accuracy", 1.5, 0.04, 20, 100, "population"),
    Studies("members differ in each class", 1.5, 0.08, kinds=0.3),
    Studies("members differ much, hard class", 0.0, 0.08, ability=0.8),
    Studies("pairs, class of medium recall", 1.5, 0.035, copied=0.7),
    Studies("pairs, easy class", 3.5, 0.025, copied=0.9),
    Studies("pairs, hard class", 0.0, 0.035, copied=0.7),
)


def _recall(logit: float, ease: float) -> float:
    """Mean over examples of a class; the spread of members hardly counts."""
    node, weight = np.polynomial.hermite_e.hermegauss(60)
    return float(weight @ expit(logit + ease * node) / weight.sum())


def _shift(typical: float, ease: float, by: float) -> float:
    """By how much the logits of a class move, for its recall to change by `by`."""
    aim = _recall(typical, ease) + by
    return float(optimize.brentq(lambda shift: _recall(typical + shift, ease) - aim, -12, 12))


def _logits(kind: Studies, easy: Floats, members: int, rng: np.random.Generator) -> Floats:
    """Logits of being right: (members, examples)."""
    able = rng.normal(0, kind.ability, (members, 1)) + rng.normal(0, kind.kinds, (members, kind.classes))
    return np.asarray(easy + np.repeat(able, kind.each, axis=1))


def _descended(kind: Studies, parents: Bools, logits: Floats, label: Labels, rng: np.random.Generator) -> Bools:
    """Answers of compressed members that have parents: taken over or anew, then some broken or fixed."""
    assert kind.copied is not None
    right = np.where(rng.random(logits.shape) < kind.copied, parents, rng.random(logits.shape) < expit(logits))
    broken = (label == LOSES) & (rng.random(logits.shape) < kind.by / _recall(kind.typical, kind.ease))
    fixed = (label == GAINS) & (rng.random(logits.shape) < kind.by / (1 - _recall(GAINING, kind.ease)))
    return np.asarray(right & ~broken | fixed)


def _study(kind: Studies, members: int, rng: np.random.Generator) -> Comparison:
    """A study in which one class loses and another gains."""
    label = np.repeat(np.arange(kind.classes), kind.each)
    typical = np.append([kind.typical, GAINING], np.linspace(0.5, 2.5, kind.classes - 2))
    easy = typical[label] + rng.normal(0, kind.ease, len(label))
    logits = _logits(kind, easy, members, rng)
    dense = rng.random(logits.shape) < expit(logits)
    if kind.copied is None:
        shifts = _shift(kind.typical, kind.ease, -kind.by), _shift(GAINING, kind.ease, kind.by)
        moved = np.select([label == LOSES, label == GAINS], shifts, 0.0)
        other = _logits(kind, easy, members, rng) + moved
        compressed = rng.random(other.shape) < expit(other)
    else:
        compressed = _descended(kind, dense, logits, label, rng)
    before, after = (
        Population(np.arange(len(label)), np.arange(members), label, np.where(right, label, (label + 1) % kind.classes))
        for right in (dense, compressed)
    )
    design: Design = "independent" if kind.copied is None else "paired"
    return Comparison(before, after, np.arange(kind.classes), before.example_id, design)


def _planned(kind: Studies, settings: Impact, rng: np.random.Generator) -> int:
    """The median number of members that pilots ask for."""
    needed = []
    for _ in range(PILOTS):
        pilot = _study(kind, MEMBERS, rng)
        if kind.copied is None:
            spread = pilot_spread(pilot.dense, classes=kind.classes, settings=settings)
        else:
            spread = comparison_spread(pilot, settings=settings)
        recall = _recall(kind.typical, kind.ease)
        found = members_needed(spread, change=kind.by, examples=kind.each, recall=recall, alpha=ALPHA, power=AIM)
        needed.append(found or MOST)
    return round(float(np.median(needed)))


def _found(kind: Studies) -> Rate:
    """How often the loss is found."""
    rng, settings = np.random.default_rng(31), Impact(alpha=ALPHA, normalise=kind.normalise)
    members, found = _planned(kind, settings, rng), 0
    for _ in range(RUNS):
        table = impact.table(_study(kind, members, rng), settings=settings)
        found += int(table["significant"][LOSES] and table["direction"][LOSES] == "loss")
    what = f"{kind.what}: {members} members find the loss they were planned for"
    return Rate(what, found / RUNS, AIM, RUNS, "equal" if kind.normalise == "member" else "at least")


def rows() -> Iterator[Rate]:
    """The power of each kind of study."""
    for kind in STUDIES:
        yield _found(kind)
