"""Several candidates: the worst class of many, many candidates and classes at once, and the best of several."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bench.statistics.rate import Rate
from lesion.audit.candidates.rights import changed
from lesion.audit.inference.best_of_several import optimism
from lesion.audit.inference.effects import mean_test
from lesion.audit.inference.intervals import LEVEL
from lesion.audit.inference.multiplicity import known_q_values
from lesion.audit.inference.pairs import TAIL, paired_change
from lesion.audit.inference.pays_more import Net, pays_more_p
from lesion.audit.inference.sign_flips import mcnemar_p

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ALPHA = 0.05
POPULATIONS = (
    ((2, 2), False, 0.0), ((3, 10), False, 0.02), ((10, 10), False, 0.02), ((5, 5), True, 0.0), ((5, 5), True, 0.02),
)  # fmt: skip


def counts(rng: np.random.Generator, runs: int, examples: int, broken: Floats, fixed: Floats) -> tuple[Integers, ...]:
    """How many of the examples of each class break and are fixed: int (runs, classes) each."""
    lost = rng.binomial(examples, broken, (runs, len(broken)))
    return lost, rng.binomial(examples - lost, fixed / (1 - broken))


def held(lost: Integers, won: Integers, examples: int, truth: Floats, classes: int) -> float:
    """The share of studies in which the interval of the class that seems worst, of `classes`, holds its true change."""
    worst = (won - lost).argmin(axis=1)[:, None]
    broken, fixed = (np.take_along_axis(each, worst, axis=1)[:, 0] for each in (lost, won))
    of = np.full(len(worst), examples)
    low, high = paired_change(broken, fixed, of)[0], paired_change(broken, fixed, of, tail=TAIL / classes)[1]
    return float(((low <= truth[worst[:, 0]]) & (truth[worst[:, 0]] <= high)).mean())


def worst_class() -> Iterator[Rate]:
    """One pair of models: the class that seems worst, by an interval that allows for it and by one that does not."""
    rng, runs = np.random.default_rng(1), 4_000
    for classes, examples in ((10, 50), (10, 1_000), (100, 50), (100, 500), (1_000, 50)):
        for broken, fixed, what in ((0.004, 0.002, "rare"), (0.06, 0.04, "common"), (0.06, 0.06, "even")):
            for worse in (0.0, 0.05):
                of_each = np.full(classes, broken)
                of_each[0] += worse
                lost, won = counts(rng, runs, examples, of_each, np.full(classes, fixed))
                truth = fixed - of_each
                said = f"{classes} classes of {examples}, {what} flips" + (", one loses 5 points" if worse else "")
                share, plain = (held(lost, won, examples, truth, of) for of in (classes, 1))
                yield Rate(f"interval of the worst class: {said}", share, LEVEL, runs, "at least")
                yield Rate(f"… as if it had been named before: {said}", plain, None, runs)


def worst_of_members() -> Iterator[Rate]:
    """Several members, and examples in clusters of ten: 20 classes of 60, nothing but chance between them."""
    rng, classes, runs = np.random.default_rng(2), 20, 400
    stratum = np.repeat(np.arange(classes), 60)
    level = 1 - (1 - LEVEL) / classes
    for members, paired, clustered in (((1, 1), False, True), ((10, 10), True, False), ((3, 3), False, False)):
        cluster = np.arange(len(stratum)) // 10 if clustered else None
        found = 0
        for _ in range(runs):
            before, after = _members(rng, len(stratum), members, paired=paired, cluster=cluster)
            of_each = changed(before, after, stratum, classes, paired=paired, cluster=cluster, level=level)
            worst = of_each.change.argmin()
            usual = changed(before, after, stratum, classes, paired=paired, cluster=cluster)
            found += bool(usual.low[worst] <= -0.02 <= of_each.high[worst])
        said = "one pair, clusters of ten" if clustered else f"{members[0]} {'pairs' if paired else 'and as many'}"
        yield Rate(f"interval of the worst of 20 classes of 60: {said}", found / runs, LEVEL, runs, "at least")


def _members(
    rng: np.random.Generator, examples: int, members: tuple[int, int], *, paired: bool, cluster: Integers | None
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Whether answers are right; compression breaks 4 % of all and fixes 2 %, drawn by example or by cluster."""
    easy = rng.beta(4, 1, examples)
    before = rng.random((members[0], examples)) < easy
    base = before if paired or members == (1, 1) else rng.random((members[1], examples)) < easy
    drawn = rng.random(base.shape) if cluster is None else rng.random((len(base), cluster.max() + 1))[:, cluster]
    return before, np.where(base, drawn >= 0.04 / 0.8, drawn < 0.02 / 0.2)  # of the answers 0.8 are right


def flips_of(rng: np.random.Generator, rates: Floats, share: float) -> Integers:
    """The flip of each example for each candidate, −1, 0 or 1: int (examples, candidates).

    Parameters
    ----------
    rates : float64 (examples, candidates, 2), the probability to break and to be fixed
    share : of the draws that all candidates have in common
    """
    examples, candidates = rates.shape[:2]
    common = rng.random((examples, 1))
    drawn = np.where(rng.random((examples, candidates)) < share, common, rng.random((examples, candidates)))
    return np.where(drawn < rates[..., 0], -1, np.where(drawn > 1 - rates[..., 1], 1, 0))


def discoveries() -> Iterator[Rate]:
    """False discoveries over candidates × classes, where candidates break the same examples."""
    rng, classes, size, runs = np.random.default_rng(3), 20, 100, 300
    stratum = np.repeat(np.arange(classes), size)
    for candidates in (2, 5):
        for share in (0.0, 0.8):
            for changing in (0, 4):
                rates = np.full((len(stratum), candidates, 2), 0.05)
                rates[stratum < changing, :, 0] = 0.15
                false = {"q": 0.0, "q_beyond": 0.0}
                for _ in range(runs):
                    found = _tests(flips_of(rng, rates, share), stratum, classes)
                    for name, q in found.items():
                        named = q < ALPHA
                        false[name] += named[changing:].sum() / max(named.sum(), 1)
                said = f"{candidates} candidates that share {share:.0%} of their draws, {changing} of 20 classes change"
                yield Rate(f"false among q < 0.05, over all: {said}", false["q"] / runs, ALPHA, runs, "at most")
                if not changing:
                    beyond = false["q_beyond"] / runs
                    yield Rate(f"false among q_beyond < 0.05: {said}", beyond, ALPHA, runs, "at most")


def _tests(way: Integers, stratum: Integers, classes: int) -> dict[str, Floats]:
    """q of McNemar and of paying more than the rest, each over all classes and candidates: (classes, candidates)."""
    lost, won = (
        np.stack([np.bincount(stratum[one == sign], minlength=classes) for one in way.T], axis=1) for sign in (-1, 1)
    )
    size = np.bincount(stratum)
    beyond = np.array(
        [
            [
                pays_more_p(Net(*map(int, part)), Net(int(lost[:, k].sum()), int(won[:, k].sum()), len(stratum)))
                for k, part in enumerate(zip(lost[c], won[c], [size[c]] * way.shape[1], strict=True))
            ]
            for c in range(classes)
        ]
    )
    tests = {"q": mcnemar_p(lost, won), "q_beyond": beyond}
    return {name: known_q_values(p.ravel()).reshape(p.shape) for name, p in tests.items()}


def best() -> Iterator[Rate]:
    """How far the change of the best candidate lies above its true one, on average, in standard errors of a change."""
    rng, runs = np.random.default_rng(4), 400
    for examples in (300, 3_000):
        for candidates in (2, 3, 10):
            for share in (0.0, 0.8):
                for ahead in (0.0, 1.0, 4.0):
                    error = np.sqrt(0.09 / examples)
                    rates = np.full((examples, candidates, 2), (0.05, 0.04))
                    rates[:, 1:, 0] += ahead * error
                    true = rates[0, :, 1] - rates[0, :, 0]
                    plain = corrected = 0.0
                    for _ in range(runs):
                        way = flips_of(rng, rates, share).astype(np.float64)
                        seen = way.mean(axis=0)
                        chosen = seen.argmax()
                        beyond = seen[chosen] - true[chosen]
                        plain, corrected = plain + beyond, corrected + beyond - optimism(way, rng)
                    said = f"{examples} examples, {candidates} candidates, {share:.0%} of draws shared"
                    said += f", the first ahead by {ahead:g} standard errors" if ahead else ", all equal"
                    yield Rate(f"bias of the best, in standard errors: {said}", plain / runs / error, None, runs)
                    yield Rate("… corrected", corrected / runs / error, None, runs)


def between_members() -> Iterator[Rate]:
    """Populations of candidates that are equally good: how often the test of their accuracies finds a difference."""
    rng, runs, examples = np.random.default_rng(5), 2_000, 500
    for members, paired, spread in POPULATIONS:
        found = 0
        for _ in range(runs):
            skill = [0.8 + spread * rng.standard_normal((count, 1)) for count in members]
            if paired:
                skill[1] = skill[0]
            one, other = (rng.random((len(each), examples)) < each for each in skill)
            tested = mean_test(one, other, paired=paired)
            found += tested is not None and bool(tested.p[0] < ALPHA)
        kind = f"{members[0]} pairs" if paired else f"{members[0]} against {members[1]}"
        said = f"candidates against each other, p < 0.05, {kind}, abilities ± {spread:.0%}"
        yield Rate(said, found / runs, ALPHA, runs, "at most")


def rows() -> Iterator[Rate]:
    """All cells."""
    yield from worst_class()
    yield from worst_of_members()
    yield from discoveries()
    yield from between_members()
    yield from best()
