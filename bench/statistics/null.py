"""What the null promises: the size and power of the test of all answers, and the coverage of the excess.

Each example has an ease, each member an ability and a bias to each class. Compression that changes nothing draws other
members of the same kind; of pairs, members that have most of their noise in common.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, ndtr

from bench.statistics.rate import Rate
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.inference.answers_test import answers_test
from lesion.audit.statistics import null
from lesion.params.halves import Halves

RUNS, TRIALS, CLASSES, SPLITS = 150, 400, 10, 40
ALPHA = 0.05
SHARED = 0.9  # correlation of the noise of the two members of a pair
SIDES = ((4, 4), (5, 5), (6, 6), (8, 8), (10, 10), (20, 20), (4, 10), (10, 4), (2, 10))
PAIRS = (4, 5, 6, 7, 10, 30)

Labels = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Kind:
    """How examples and members are made.

    Attributes
    ----------
    uncertain : share of the examples that any member may get wrong
    ability, bias : standard deviations on the logit, of members and of each of their classes
    clustered : examples come in tens that are equally easy, and that compression harms together or not at all
    """

    name: str
    uncertain: float = 1.0
    ability: float = 0.3
    bias: float = 0.3
    clustered: bool = False


CLUSTERED = Kind("examples in clusters of ten", clustered=True)
KINDS = (
    Kind("examples of any ease"),
    Kind("members of very different ability and bias", ability=1.0, bias=1.0),
    Kind("3 % of the examples uncertain", uncertain=0.03),
    Kind("0.5 % of the examples uncertain", uncertain=0.005),
)


@dataclass(frozen=True)
class Design:
    """How many members of each side there are, and how much harder examples of even classes are to compressed ones.

    Of examples in clusters, those of half of the clusters are harder.
    """

    dense: int
    compressed: int
    paired: bool = False
    harm: float = 0.0
    examples: int = 200

    def __str__(self) -> str:
        return f"{self.dense} pairs" if self.paired else f"{self.dense} and {self.compressed}"


def said(rng: np.random.Generator, kind: Kind, design: Design) -> tuple[Labels, Labels]:
    """Answers of dense and then of compressed members, (members, examples), and the true classes."""
    members, label = design.dense + design.compressed, np.arange(design.examples) % CLASSES
    easy = np.where(rng.random(design.examples) < kind.uncertain, rng.normal(1, 1.5, design.examples), 30)
    harmed = label % 2 == 0
    if kind.clustered:
        easy, harmed = easy[clusters(design) * 10], (rng.random(design.examples) < 0.5)[clusters(design) * 10]
    able = rng.normal(0, kind.ability, (members, 1)) + rng.normal(0, kind.bias, (members, CLASSES))
    noise = rng.normal(size=(members, design.examples))
    if design.paired:
        for values in (able, noise):
            values[design.dense :] *= (1 - SHARED**2) ** 0.5
            values[design.dense :] += SHARED * values[: design.dense]
    harm = np.where(np.arange(members)[:, None] < design.dense, 0, np.where(harmed, design.harm, 0))
    right = ndtr(noise) < expit(easy + able[:, label] - harm)
    other = ndtr(noise) > (1 + expit(easy + able[:, label] - harm)) / 2  # the noise that errs says which error
    return np.where(right, label, (label + 1 + other) % CLASSES), label


def clusters(design: Design) -> Labels:
    """Which examples belong together: ten that follow one another."""
    return np.arange(design.examples) // 10


def found(rng: np.random.Generator, kind: Kind, design: Design) -> pd.DataFrame:
    """The rows of the null of one study."""
    return counted(*said(rng, kind, design), design, clusters(design) if kind.clustered else None)


def counted(answers: Labels, label: Labels, design: Design, cluster: Labels | None) -> pd.DataFrame:
    """The rows of the null, indexed by count."""
    before, after = (
        Population(example_id=np.arange(len(label)), member=np.arange(len(part)), label=label, prediction=part)
        for part in (answers[: design.dense], answers[design.dense :])
    )
    comparison = Comparison(
        before,
        after,
        np.arange(CLASSES),
        before.example_id,
        design="paired" if design.paired else "independent",
        cluster=cluster,
    )
    return null.table(comparison, draws=Halves(splits=SPLITS), ties="member").set_index("count")


def p_values(kind: Kind, design: Design, seed: int) -> npt.NDArray[np.float64]:
    """p of many studies."""
    rng = np.random.default_rng(seed)
    return np.array(
        [
            answers_test(said(rng, kind, design)[0], dense=design.dense, paired=design.paired, rng=rng).p
            for _ in range(TRIALS)
        ]
    )


def sizes() -> Iterator[Rate]:
    """How often compression that changes nothing is said to change more than other seeds do."""
    designs = [Design(*sides) for sides in SIDES] + [Design(pairs, pairs, paired=True) for pairs in PAIRS]
    for kind in KINDS:
        for design in designs:
            rate = float((p_values(kind, design, seed=1) < ALPHA).mean())
            yield Rate(f"nothing changes, {kind.name}, {design}: p < 0.05", rate, ALPHA, TRIALS, "at most")


def planted(pairs: int, changed: int, share: float, *, paired: bool, runs: int) -> float:
    """How often a change of 999 examples, by a share of the compressed members, has p < 0.05."""
    rng, hits = np.random.default_rng(2), []
    design = Design(pairs, pairs, paired=paired, examples=999)
    for _ in range(runs):
        answers, _ = said(rng, KINDS[0], design)
        which = rng.choice(999, changed, replace=False)
        changes = rng.random((pairs, changed)) < share
        after = answers[pairs:]
        after[:, which] = np.where(changes, (answers[0, which] + 1) % CLASSES, after[:, which])
        hits.append(answers_test(answers, dense=pairs, paired=paired, rng=rng).p < ALPHA)
    return float(np.mean(hits))


def powers() -> Iterator[Rate]:
    """How often a planted change is found."""
    for members, changed, share in ((4, 100, 1.0), (5, 100, 1.0), (6, 100, 1.0), (7, 100, 1.0), (10, 60, 0.9)):
        for paired in (False, True):
            rate = planted(members, changed, share, paired=paired, runs=50)
            who = f"{members} pairs" if paired else f"{members} and {members}"
            what = f"{changed} of 999 examples changed by {100 * share:.0f} % of the members, {who}: p < 0.05"
            yield Rate(what, rate, 0.9, 50, "at least")


def coverage() -> Iterator[Rate]:
    """How often the interval of the excess holds the excess that such studies have on average."""
    designs = [Design(*sides) for sides in ((4, 4), (6, 6), (10, 10), (4, 10))]
    designs += [Design(pairs, pairs, paired=True) for pairs in (4, 6, 10)]
    for kind in (*KINDS[:3], CLUSTERED):
        for harm in (0.0, 1.5):
            for design in designs:
                rng = np.random.default_rng(3)
                studies = [found(rng, kind, replace(design, harm=harm)) for _ in range(RUNS)]
                for count in ("pie", "forgotten"):
                    rows = pd.DataFrame([study.loc[count] for study in studies])
                    true = rows["excess"].mean()
                    rate = float(((rows["excess_low"] <= true) & (true <= rows["excess_high"])).mean())
                    what = f"95 % interval of the excess, {count}, {kind.name}, {design}, harm {harm:g}"
                    yield Rate(what, rate, 0.95, RUNS, "at least")


def rows() -> Iterator[Rate]:
    """The cells of this subject."""
    yield from sizes()
    yield from powers()
    yield from coverage()
