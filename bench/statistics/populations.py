"""Studies of which the truth is known: which answers are right, of members by examples."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Kind:
    """A kind of studies.

    Attributes
    ----------
    ease, able : standard deviations of examples and of members, on the logit
    easy : share of the classes that all members always get right
    certain : share of the examples on which all members of both populations agree
    """

    ease: float = 1.5
    able: float = 0.3
    easy: float = 0.0
    certain: float = 0.0


def right(
    rng: np.random.Generator,
    kind: Kind,
    *,
    members: tuple[int, int],
    sizes: list[int],
    paired: bool,
    harm: Floats | None = None,
) -> tuple[Flags, Flags]:
    """Dense and compressed answers, class by class; compression takes `harm` from the logit of each class.

    Pairs have their ability in common, and seven in ten of their dice.
    """
    label = np.repeat(np.arange(len(sizes)), sizes)
    logit = (1.5 + np.linspace(-1, 1, len(sizes)))[label] + rng.normal(0, kind.ease, len(label))
    logit[label < kind.easy * len(sizes)] += 8
    sure, agreed = rng.random(len(label)) < kind.certain, rng.random(len(label)) < expit(logit)
    shapes = [(count, len(label)) for count in members]
    dice = [rng.random(shape) for shape in shapes]
    able = [rng.normal(0, kind.able, (count, 1)) for count in members]
    if paired:
        able[1] = able[0]
        dice[1] = np.where(rng.random(shapes[0]) < 0.7, dice[0], dice[1])
    lost = [np.zeros(len(label)), np.zeros(len(label)) if harm is None else harm[label]]
    one, other = (roll < expit(logit - by + skill) for roll, by, skill in zip(dice, lost, able, strict=True))
    return np.where(sure, agreed, one), np.where(sure, agreed, other)


def flipped(rng: np.random.Generator, before: Flags, *, broken: float, fixed: float, together: float) -> Flags:
    """Answers after flips: an example is in danger for all members at once, and each member then flips it or not.

    Parameters
    ----------
    broken, fixed : how often a right answer, and a wrong one, flips
    together : how often a member flips an example in danger, at least; 1: all members flip the same, 0: each its own
    """
    flips = []
    for rate in (broken, fixed):
        often = max(together, rate, 1e-9)
        flips.append((rng.random(before.shape[1]) < rate / often) & (rng.random(before.shape) < often))
    return np.where(before, ~flips[0], flips[1])
