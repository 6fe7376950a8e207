"""95 % intervals of changes and of the share of PIE: whether they hold the mean over other members and examples."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.special import expit

from bench.statistics.populations import Kind, flipped, right
from bench.statistics.rate import Rate
from lesion.audit.inference.effects import change, changes
from lesion.audit.inference.pie_share import pie_share

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEAST, RUNS = 0.93, 300
FLIPS = ((0.0002, 0.0001), (0.002, 0.0), (0.01, 0.002), (0.2, 0.02))
TOGETHER = {"all members flip the same": 1.0, "each its own": 0.0}
INDEPENDENT = ((1, 1), (1, 30), (2, 2), (2, 30), (3, 3), (5, 5), (10, 3), (10, 10), (30, 30))
PAIRS = (1, 2, 3, 5, 10, 30)
SIZES = ((5, 20), (50, 10), (500, 3), (5_000, 2))  # examples of a class, classes


@dataclass(frozen=True)
class Study:
    """Members, and examples of each class."""

    members: tuple[int, int]
    paired: bool
    each: int
    classes: int

    @property
    def kind(self) -> Kind:
        """Members have abilities of their own; a single model stands for itself, and has none."""
        return Kind(able=0.0 if min(self.members) == 1 else 0.2, certain=0.9)

    def __str__(self) -> str:
        who = f"{self.members[0]} pairs" if self.paired else f"{self.members[0]} v {self.members[1]}"
        return f"{who}, classes of {self.each:,}"


def drawn(rng: np.random.Generator, study: Study, rates: tuple[float, float], together: float) -> tuple[Flags, Flags]:
    """Answers before and after flips; the two populations of a pair differ by nothing else."""
    sizes = [study.each] * study.classes
    before, others = right(rng, study.kind, members=study.members, sizes=sizes, paired=False)
    broken, fixed = rates
    after = flipped(rng, before if study.paired else others, broken=broken, fixed=fixed, together=together)
    return before, after


def expected_recall(study: Study) -> Floats:
    """The mean over examples and members of each class: (classes,)."""
    node, weight = np.polynomial.hermite_e.hermegauss(60)
    centre = 1.5 + np.linspace(-1, 1, study.classes)
    kind = study.kind
    spreads = (kind.ease, kind.certain), (np.hypot(kind.ease, kind.able), 1 - kind.certain)
    return np.asarray(
        sum(share * (expit(centre[:, None] + node * spread) @ weight / weight.sum()) for spread, share in spreads)
    )


def of_changes(study: Study) -> Iterator[Rate]:
    """The worst cell over rates of flips and how many members share them."""
    label = np.repeat(np.arange(study.classes), study.each)
    recall = expected_recall(study)
    names = ("recall", "recall less accuracy", "accuracy")
    least = dict.fromkeys(names, (2.0, ""))
    for rates, (who, together) in product(FLIPS, TOGETHER.items()):
        if study.members[1] == 1 and together < 1:
            continue  # the same for a single model
        rng, truth = np.random.default_rng(1), (1 - recall) * rates[1] - recall * rates[0]
        held = np.zeros(3)
        for _ in range(RUNS):
            before, after = drawn(rng, study, rates, together)
            found = changes(before, after, label, study.classes, paired=study.paired)
            _, low, high = change(before, after, paired=study.paired)
            mean = truth.mean()
            ends = (found.plain, truth), (found.relative, truth - mean)
            held[:2] += [((one.low <= true) & (true <= one.high)).mean() for one, true in ends]
            held[2] += low <= mean <= high
        for name, share in zip(names, held / RUNS, strict=True):
            least[name] = min(least[name], (float(share), f"{rates[0]:g} broken, {rates[1]:g} fixed, {who}"))
    for name, (share, where) in least.items():
        yield Rate(f"interval of {name}, {study}, the worst cell ({where})", share, LEAST, RUNS, "at least")


def by_enumeration() -> Iterator[Rate]:
    """A pair of models: every outcome with its probability."""
    for examples in (1, 5, 20, 50):
        outcomes = [(lost, won) for lost in range(examples + 1) for won in range(examples + 1 - lost)]
        ends = []
        for lost, won in outcomes:
            before, after = np.zeros((2, 1, examples), dtype=np.bool_)
            before[0, :lost] = after[0, lost : lost + won] = True
            ends.append(change(before, after, paired=True)[1:])
        low, high = np.array(ends).T
        counts = [(lost, won, examples - lost - won) for lost, won in outcomes]
        held = []
        for broken, fixed in FLIPS:
            chance = stats.multinomial.pmf(counts, examples, [broken, fixed, 1 - broken - fixed])
            held.append(float(chance @ ((low <= fixed - broken) & (fixed - broken <= high))))
        yield Rate(
            f"interval of a pair of models, {examples} examples, the worst cell", min(held), LEAST, 10**9, "at least"
        )


def of_clusters(members: tuple[int, int], *, paired: bool) -> Iterator[Rate]:
    """Four classes of 100; clusters of ten examples, of which compression harms one in ten as a whole."""
    study, rng, runs = Study(members, paired, 100, 4), np.random.default_rng(2), 200
    label, cluster = np.repeat(np.arange(4), 100), np.arange(400) // 10
    truth = -0.09 * expected_recall(study)
    held, shares, ends = np.zeros(3), [], []
    for _ in range(runs):
        before, after = drawn(rng, study, (0.0, 0.0), 1.0)
        after = after & ~((rng.random(40) < 0.1)[cluster] & (rng.random(400) < 0.9))
        found = changes(before, after, label, 4, paired=paired, cluster=cluster)
        _, low, high = change(before, after, paired=paired, cluster=cluster)
        for k, (one, true) in enumerate(((found.plain, truth), (found.relative, truth - truth.mean()))):
            held[k] += ((one.low <= true) & (true <= one.high)).mean()
        held[2] += low <= truth.mean() <= high
        share, *interval = _pie(before, after, study, rng, cluster)
        shares.append(share)
        ends.append(interval)
    who = f"{study}, harm shared in clusters of ten"
    for name, rate in zip(("recall", "recall less accuracy", "accuracy"), held / runs, strict=True):
        yield Rate(f"interval of {name}, {who}", float(rate), LEAST, runs, "at least")
    yield Rate(f"interval of the share of PIE, {who}", _holding(shares, ends), LEAST, runs, "at least")


def of_damage(members: tuple[int, int], *, paired: bool) -> Iterator[Rate]:
    """Four classes of 100; each compressed member breaks a share of its own, 20 % with a standard deviation of 10."""
    study, rng, runs = Study(members, paired, 100, 4), np.random.default_rng(4), 400
    label = np.repeat(np.arange(4), 100)
    truth, held = -0.2 * expected_recall(study), np.zeros(3)
    for _ in range(runs):
        before, after = drawn(rng, study, (0.0, 0.0), 1.0)
        after = after & ~(rng.random(after.shape) < rng.gamma(4, 0.05, (len(after), 1)))
        found = changes(before, after, label, 4, paired=paired)
        _, low, high = change(before, after, paired=paired)
        for k, (one, true) in enumerate(((found.plain, truth), (found.relative, truth - truth.mean()))):
            held[k] += ((one.low <= true) & (true <= one.high)).mean()
        held[2] += low <= truth.mean() <= high
    who = f"{study}, members damaged by 20 ± 10 %"
    for name, rate in zip(("recall", "recall less accuracy", "accuracy"), held / runs, strict=True):
        yield Rate(f"interval of {name}, {who}", float(rate), LEAST, runs, "at least")


def of_pie(study: Study) -> Iterator[Rate]:
    """The worst cell over rates of flips."""
    least, runs = 1.0, 150
    for rates in ((0.0005, 0.0002), (0.01, 0.002), (0.1, 0.02)):
        rng, shares, ends = np.random.default_rng(3), [], []
        for _ in range(runs):
            share, *interval = _pie(*drawn(rng, study, rates, 1.0), study, rng, None)
            shares.append(share)
            ends.append(interval)
        least = min(least, _holding(shares, ends))
    yield Rate(f"interval of the share of PIE, {study}, the worst cell", least, LEAST, runs, "at least")


def _pie(
    before: Flags, after: Flags, study: Study, rng: np.random.Generator, cluster: npt.NDArray[np.int64] | None
) -> tuple[float, float, float]:
    said = before.astype(np.int64), after.astype(np.int64)
    return pie_share(*said, classes=2, ties="member", paired=study.paired, resamples=30, rng=rng, cluster=cluster)


def _holding(shares: list[float], ends: list[list[float]]) -> float:
    """How many hold the mean of all, which is the truth but for the error of so many."""
    low, high = np.array(ends).T
    return float(np.mean((low <= np.mean(shares)) & (np.mean(shares) <= high)))


def rows() -> Iterator[Rate]:
    """Changes of classes and of the whole, a pair of models, clusters, and the share of PIE."""
    yield from by_enumeration()
    designs = [*((members, False) for members in INDEPENDENT), *(((pairs, pairs), True) for pairs in PAIRS)]
    for (members, paired), (each, classes) in product(designs, SIZES):
        if each * sum(members) <= 30_000:
            yield from of_changes(Study(members, paired, each, classes))
    for members, paired in (((1, 1), True), ((3, 3), True), ((10, 10), False)):
        yield from of_clusters(members, paired=paired)
    for members, paired in (
        ((2, 2), False),
        ((3, 3), False),
        ((5, 5), False),
        ((10, 10), False),
        ((3, 3), True),
        ((10, 10), True),
    ):
        yield from of_damage(members, paired=paired)
    for members, paired in (((1, 1), True), ((2, 2), False), ((3, 3), True), ((10, 10), False), ((3, 30), False)):
        yield from of_pie(Study(members, paired, 50, 6))
