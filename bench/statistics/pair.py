"""One dense and one compressed model: the tests and intervals of the answers that change between them."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from bench.statistics.rate import Rate
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.inference.flip_rates import Flips, Rows, net_change
from lesion.audit.inference.pairs import paired_change
from lesion.audit.inference.pays_more import Net, pays_more_of_clusters_p, pays_more_p
from lesion.audit.inference.sign_flips import balance_p, mcnemar_p
from lesion.audit.statistics import flips

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ALPHA, EXACT = 0.05, 10**9  # all outcomes are summed: as good as so many trials
RATES = (0, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
SIZES = (5, 10, 20, 50, 100, 500, 2_000, 5_000)
RUNS = 1_000


def outcomes(examples: int, rate: float) -> Integers:
    """Counts that come about with a probability of more than 1e-9."""
    low, high = stats.binom.ppf([1e-9, 1 - 1e-9], examples, rate) if rate else (0, 0)
    return np.arange(max(int(low), 0), int(high) + 1)


def covered(examples: int, broken: float, fixed: float) -> float:
    """The probability that the interval of the change holds it, summed over all outcomes."""
    lost, won = outcomes(examples, broken)[:, None], outcomes(examples, fixed)
    same = examples - lost - won
    ways = -special.gammaln(lost + 1) - special.gammaln(won + 1) - special.gammaln(np.maximum(same, 0) + 1)
    chance = special.xlogy(lost, broken) + special.xlogy(won, fixed)
    chance = chance + special.xlogy(np.maximum(same, 0), 1 - broken - fixed)
    weight = np.where(same >= 0, np.exp(ways + chance + special.gammaln(examples + 1)), 0)
    low, high = paired_change(lost, won, np.full(same.shape, examples))
    inside = (low <= fixed - broken + 1e-12) & (fixed - broken - 1e-12 <= high)
    return float(weight[inside].sum() / weight.sum())


def coverage() -> Iterator[Rate]:
    """The least coverage over all rates of broken and of fixed ones."""
    pairs = [(broken, fixed) for broken in RATES for fixed in RATES if broken <= fixed]
    for examples in SIZES:
        worst = min(covered(examples, *rates) for rates in pairs)
        yield Rate(
            f"95 % interval of the change, {examples} examples, worst of {len(pairs)} rates",
            worst,
            0.93,
            EXACT,
            "at least",
        )


def drawn(rng: np.random.Generator, examples: int, broken: float, fixed: float) -> Net:
    """The flips of some examples."""
    lost, won, _ = rng.multinomial(examples, [broken, fixed, 1 - broken - fixed])
    return Net(int(lost), int(won), examples)


def mcnemar() -> Iterator[Rate]:
    """How often McNemar's test finds a change where as many are fixed as broken."""
    rng = np.random.default_rng(1)
    for examples, rate in ((100, 0.02), (1_000, 0.01), (10_000, 0.02)):
        lost, won, _ = rng.multinomial(examples, [rate, rate, 1 - 2 * rate], 10_000).T
        share = float((mcnemar_p(lost, won) < ALPHA).mean())
        yield Rate(f"McNemar p < 0.05, {examples} examples, {rate:.0%} flip each way", share, ALPHA, 10_000, "at most")


def pays_more() -> Iterator[Rate]:
    """How often one class of 20 is told from the rest, with which it shares its net."""
    rng = np.random.default_rng(2)
    for examples in (5, 20, 100, 500, 5_000):
        for rest in ((0.01, 0.005), (0.06, 0.04)):
            for times in (1.0, 3.0):
                flip, net = times * sum(rest), rest[1] - rest[0]
                own, found = ((flip - net) / 2, (flip + net) / 2), 0
                for _ in range(RUNS):
                    one, other = drawn(rng, examples, *own), drawn(rng, 19 * examples, *rest)
                    found += pays_more_p(one, Net(*map(sum, zip(one, other, strict=True)))) < ALPHA
                what = f"pays more, p < 0.05: {examples} of {20 * examples} examples"
                what += f", {rest[0]:.1%} broken {rest[1]:.1%} fixed"
                yield Rate(
                    f"{what}, {times:g} times as many flips and the same net", found / RUNS, ALPHA, RUNS, "at most"
                )


def clusters(
    rng: np.random.Generator,
    count: int,
    inside: npt.NDArray[np.bool_],
    *,
    rest: tuple[float, float],
    own: tuple[float, float],
) -> tuple[Integers, Integers]:
    """The cluster of each example, and its flip: of ten examples of a cluster that flips six flip, all one way."""
    broken, fixed = (np.where(inside, *rates) / 0.6 for rates in zip(own, rest, strict=True))
    state = rng.random(count)
    way = np.where(state < broken, -1, np.where(state < broken + fixed, 1, 0))
    cluster = np.repeat(np.arange(count), 10)
    return cluster, way[cluster] * (rng.random(10 * count) < 0.6)


def in_clusters() -> Iterator[Rate]:
    """Harm that the ten examples of a cluster share."""
    rng = np.random.default_rng(3)
    for count, rest in ((100, (0.02, 0.01)), (1_000, (0.02, 0.01)), (1_000, (0.06, 0.04))):
        said = f"{count} clusters of ten, {rest[0]:.0%} broken {rest[1]:.0%} fixed"
        held, found, times = 0, 0, {1.0: 0, 2.0: 0}
        for _ in range(RUNS):
            none = np.zeros(count, dtype=bool)
            cluster, way = clusters(rng, count, none, rest=rest, own=rest)
            example = np.flatnonzero(way)
            rows = Rows(np.zeros(10 * count, dtype=np.int64), np.zeros(1, dtype=np.int64), 0 * example, cluster)
            change = net_change(Flips(example, way[example]), rows)
            held += bool(change["change_low"][0] <= rest[1] - rest[0] <= change["change_high"][0])
            alike = (sum(rest) / 2,) * 2
            cluster, way = clusters(rng, count, none, rest=alike, own=alike)
            example = np.flatnonzero(way)
            found += bool(balance_p(way[example], 0 * example, 1, cluster[example])[0] < ALPHA)
            for many in times:
                inside, net = rng.random(count) < 0.1, rest[1] - rest[0]
                own = ((many * sum(rest) - net) / 2, (many * sum(rest) + net) / 2)
                cluster, way = clusters(rng, count, inside, rest=rest, own=own)
                of_each = np.bincount(cluster, weights=way, minlength=count).astype(np.float64)
                size = np.full(count, 10)
                times[many] += pays_more_of_clusters_p(of_each * inside, of_each, size * inside, size) < ALPHA
        yield Rate(f"95 % interval of the change, {said}", held / RUNS, 0.95, RUNS, "at least")
        yield Rate(f"sign flips p < 0.05, {said}, made even", found / RUNS, ALPHA, RUNS, "at most")
        for many, share in times.items():
            yield Rate(
                f"pays more, p < 0.05, {said}, {many:g} times as many flips", share / RUNS, ALPHA, RUNS, "at most"
            )


def one_class_loses() -> Iterator[Rate]:
    """10,000 examples of 20 classes, of which one loses 14 points; of the others as many are fixed as are broken."""
    rng, label, runs = np.random.default_rng(4), np.repeat(np.arange(20), 500), 200
    named, others = 0, 0
    for _ in range(runs):
        before = np.where(rng.random(10_000) < 0.9, label, (label + 1) % 20)
        right, flip = before == label, rng.random(10_000)
        after = np.where(right & (flip < np.where(label == 11, 0.16, 0.01)), (label + 2) % 20, before)
        after = np.where(~right & (flip < 0.09), label, after)
        ids = np.arange(10_000)
        dense, compressed = (Population(ids, np.arange(1), label, said[None]) for said in (before, after))
        table = flips.table(Comparison(dense, compressed, np.arange(20), ids), groups=[], ties="member")
        lose, gain = flips.named(table, alpha=ALPHA)
        named, others = named + ("11" in set(lose["group"])), others + bool(len(lose) + len(gain) > 1)
    yield Rate("the class that loses 14 points is named", named / runs, 0.95, runs, "at least")
    yield Rate("another class is named beside it", others / runs, 0.05, runs, "at most")


def rows() -> Iterator[Rate]:
    """All cells."""
    yield from coverage()
    yield from mcnemar()
    yield from pays_more()
    yield from in_clusters()
    yield from one_class_loses()
