"""Who the headline names: by chance, and where one class alone loses; also where next to nothing else flips."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bench.statistics.rate import Rate
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.estimator import Audit
from lesion.audit.headline import who_pays
from lesion.audit.inference.pays_more import FEW, Net, pays_more_p
from lesion.audit.statistics import flips

Shares = npt.NDArray[np.float64]
ALPHA, RUNS, CLASSES, GROUPS = 0.05, 200, 20, 4
PLANTED = 11


def pair(rng: np.random.Generator, broken: Shares, fixed: float, examples: int) -> tuple[int, bool]:
    """How many classes and groups of a pair are named beside the planted class, and whether that is."""
    label = np.repeat(np.arange(CLASSES), examples // CLASSES)
    before = np.where(rng.random(examples) < 0.9, label, (label + 1) % CLASSES)
    right, flip, ids = before == label, rng.random(examples), np.arange(examples)
    after = np.where(right & (flip < broken[label]), (label + 2) % CLASSES, before)
    after = np.where(~right & (flip < fixed), label, after)
    names = [str(number) for number in range(GROUPS)]
    groups = {name: rng.integers(0, 4, examples).astype(str).astype(object) for name in names}
    dense, compressed = (Population(ids, np.arange(1), label, said[None]) for said in (before, after))
    comparison = Comparison(dense, compressed, np.arange(CLASSES), ids, groups=groups)
    table = flips.table(comparison, groups=[[name] for name in names], ties="member")
    lose, gain = flips.named(table, alpha=ALPHA)
    planted = (lose["attribute"] == flips.CLASS) & (lose["group"] == str(PLANTED))
    return len(lose) + len(gain) - int(planted.sum()), bool(planted.any())


def pairs() -> Iterator[Rate]:
    """5,000 examples of 20 classes, and four attributes of four groups each."""
    rng = np.random.default_rng(0)
    for what, often, fixed, loss in (
        ("nothing changes, 1 % broken, as many fixed", 0.01, 0.09, 0.0),
        ("all classes lose 4 points", 0.055, 0.1, 0.0),
        ("one class loses 14 points, 1 % broken, as many fixed", 0.01, 0.09, 0.15),
        ("one class loses 14 points, nothing else flips", 0.0, 0.0, 0.15),
    ):
        broken = np.full(CLASSES, often)
        broken[PLANTED] += loss
        found = [pair(rng, broken, fixed, 5_000) for _ in range(RUNS)]
        others = float(np.mean([count > 0 for count, _ in found]))
        yield Rate(f"headline of a pair, {what}: one that does not differ is named", others, ALPHA, RUNS, "at most")
        if loss:
            share = float(np.mean([planted for _, planted in found]))
            yield Rate(f"headline of a pair, {what}: it is named", share, 0.95, RUNS, "at least")


def populations() -> Iterator[Rate]:
    """1,000 examples of 20 classes; members err independently of each other."""
    rng = np.random.default_rng(1)
    label, ids = np.repeat(np.arange(CLASSES), 50), np.arange(1_000)
    for members in ((10, 10), (3, 10)):
        for loss in (0.0, 0.167):
            named, others = 0, 0
            for _ in range(RUNS // 2):
                skill = np.full(CLASSES, 0.8)
                sides = []
                for count in members:
                    right = rng.random((count, 1_000)) < skill[label]
                    said = np.where(right, label, (label + 1) % CLASSES)
                    sides.append(Population(ids, np.arange(count), label, said))
                    skill[PLANTED] -= loss
                comparison = Comparison(sides[0], sides[1], np.arange(CLASSES), ids)
                told = who_pays(Audit(splits=2, resamples=2).compare(comparison).audited_)
                who = [*told.lose["group"], *told.gain["group"]]
                named += bool(loss) and str(PLANTED) in set(told.lose["group"])
                others += any(not loss or name != str(PLANTED) for name in who)
            what = f"headline, {members[0]} v {members[1]} members, one class loses {100 * loss:.1f} points"
            yield Rate(f"{what}: another is named", others / (RUNS // 2), ALPHA, RUNS // 2, "at most")
            if loss:
                yield Rate(f"{what}: it is named", named / (RUNS // 2), None, RUNS // 2)


def _flips(rng: np.random.Generator, examples: int, rates: tuple[float, float]) -> npt.NDArray[np.int64]:
    """How many are broken, and fixed."""
    return np.asarray(rng.multinomial(examples, [*rates, 1 - sum(rates)])[:2])


def few_flips() -> Iterator[Rate]:
    """A class of 20 with the net of the rest, where fewer than FEW answers are broken, or fixed."""
    rng, runs = np.random.default_rng(2), 1_000
    for examples in (20, 100, 500):
        for rest in ((0.01, 0.0), (0.003, 0.0003), (0.001, 0.001)):
            for times in (1, 3, 10):
                net = rest[1] - rest[0]
                flip = max(times * sum(rest), abs(net))
                found = few = 0
                for _ in range(runs):
                    own = _flips(rng, examples, ((flip - net) / 2, (flip + net) / 2))
                    every = own + _flips(rng, 19 * examples, rest)
                    if every.any() and every.min() < FEW:
                        few += 1
                        part, everyone = Net(own[0], own[1], examples), Net(every[0], every[1], 20 * examples)
                        found += pays_more_p(part, everyone) < ALPHA
                what = (
                    f"pays more, few flips, {examples} of {20 * examples} examples, {rest[0]:.1%} broken {rest[1]:.2%}"
                )
                if few > runs / 10:
                    yield Rate(f"{what} fixed, {times} times as many flips", found / few, ALPHA, few, "at most")


def rows() -> Iterator[Rate]:
    """All cells."""
    yield from pairs()
    yield from populations()
    yield from few_flips()
