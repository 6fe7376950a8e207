"""Whether `pie_score` keeps its promise: among the examples that score s or more, at most 1 − s differ by chance.

An example is hard to its own degree, a member able to its own; in clusters members also differ in what kinds of
examples they get right. Compression makes some of the examples harder and leaves the others as they are, which so
differ by chance alone. Rates are means over studies of the share of false ones, 0 where nothing is found.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from bench.statistics.rate import Rate
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.statistics import pie
from lesion.params.design import Design

RUNS, EXAMPLES, EACH, CLASSES = 300, 400, 10, 3
LEVELS = (0.5, 0.8, 0.95)
TOP = 40

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Studies:
    """Studies of one kind.

    Attributes
    ----------
    harm : on the logit of the share `changed` of the examples
    easy : mean logit of being right
    ability, kinds : standard deviations between members of the logit, and of that of each cluster of ten examples
    copied : of pairs, the share of answers that the compressed member takes over from its parent
    """

    members: tuple[int, int]
    changed: float = 0.0
    harm: float = 3.0
    easy: float = 1.5
    ability: float = 0.3
    kinds: float = 0.0
    paired: bool = False
    copied: float = 0.8

    def __str__(self) -> str:
        """What is unlike other studies."""
        said = f"{self.members[0]} {'pairs' if self.paired else f'against {self.members[1]}'}"
        said += f", {self.changed:.0%} changed".replace("%", " %") if self.changed else ", nothing changed"
        said += ", easy" if self.easy > 3 else ""
        said += ", members differ much" if self.ability > 0.5 else ""
        return said + (", examples in clusters" if self.kinds else "")


NOTHING = (
    *(Studies((count, count)) for count in (2, 3, 4, 10)),
    Studies((2, 10)),
    Studies((10, 10), ability=1.0),
    Studies((10, 10), kinds=2.0),
    Studies((10, 10), easy=4.5),
    *(Studies((count, count), paired=True) for count in (3, 6, 10)),
)
MIXED = (
    Studies((3, 3), 0.2),
    Studies((5, 5), 0.1),
    Studies((10, 10), 0.1),
    Studies((30, 30), 0.1, harm=2),
    Studies((2, 10), 0.1),
    Studies((10, 2), 0.1),
    Studies((10, 10), 0.1, ability=1.0),
    Studies((10, 10), 0.1, kinds=2.0),
    Studies((10, 10), 0.02, easy=4.5, harm=6),
    Studies((6, 6), 0.1, paired=True),
    Studies((10, 10), 0.1, kinds=1.0, paired=True),
)


def _answers(logit: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """0, the right answer, or one of two wrong ones."""
    wrong = rng.random(logit.shape) >= expit(logit)
    return np.asarray(wrong * rng.integers(1, CLASSES, logit.shape))


def _study(kind: Studies, rng: np.random.Generator) -> tuple[Comparison, Bools]:
    """A study, and which of its examples compression changes."""
    easy, changed = rng.normal(kind.easy, 1.5, EXAMPLES), rng.random(EXAMPLES) < kind.changed
    cluster, able = np.arange(EXAMPLES) // EACH, []
    for count in kind.members:
        by_kind = rng.normal(0, kind.kinds, (count, EXAMPLES // EACH))[:, cluster]
        able.append(easy + rng.normal(0, kind.ability, (count, 1)) + by_kind)
    dense = _answers(able[0], rng)
    if kind.paired:
        copied = (rng.random(dense.shape) < kind.copied) & ~changed
        compressed = np.where(copied, dense, _answers(able[0] - kind.harm * changed, rng))
    else:
        compressed = _answers(able[1] - kind.harm * changed, rng)
    before, after = (Population(np.arange(EXAMPLES), np.arange(len(said)), None, said) for said in (dense, compressed))
    design: Design = "paired" if kind.paired else "independent"
    seed = int(rng.integers(2**31))
    return Comparison(before, after, np.arange(CLASSES), before.example_id, design, seed=seed), changed


def _kept(kind: Studies) -> Iterator[Rate]:
    """The share of false ones at each level, of all examples and of the strongest."""
    rng = np.random.default_rng(21)
    false, right, near_one = np.zeros((RUNS, len(LEVELS))), np.zeros(RUNS), np.zeros(RUNS)
    for run in range(RUNS):
        comparison, changed = _study(kind, rng)
        table = pie.table(comparison, ties="member")
        score = table["pie_score"].to_numpy()
        near_one[run] = (score >= LEVELS[-1]).mean()
        order = np.lexsort([-table["beyond_chance"].to_numpy(), -score])[:TOP]
        right[run] = changed[order].mean()
        for place, level in enumerate(LEVELS):
            found = score >= level
            false[run, place] = (found & ~changed).sum() / max(1, found.sum())
    for level, share in zip(LEVELS, false.mean(axis=0), strict=True):
        yield Rate(f"{kind}: false ones among score ≥ {level}", float(share), 1 - level, RUNS, "at most")
    if kind.changed:
        yield Rate(f"{kind}: of the {TOP} first, changed", float(right.mean()), None, RUNS)
    else:
        yield Rate(f"{kind}: examples of score ≥ {LEVELS[-1]}", float(near_one.mean()), 0.001, RUNS, "at most")


def rows() -> Iterator[Rate]:
    """The cells of studies in which nothing changes, and of those in which some examples do."""
    for kind in (*NOTHING, *MIXED):
        yield from _kept(kind)
