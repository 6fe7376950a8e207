"""How often a gate is wrong: it passes a limit that is broken, or fails one that is kept.

The true value lies at the limit: every pass and every fail is wrong. A pass is promised to be wrong in 5 %, a fail in 5
% of all limits together, by Bonferroni. Beside it stands how often a gate decides where the truth is far from it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import special

from bench.statistics import calibration
from bench.statistics.intervals import FLIPS, TOGETHER, Study, drawn, expected_recall
from bench.statistics.pair import EXACT, RATES, outcomes
from bench.statistics.rate import Rate
from lesion.audit.inference.broken_share import BrokenShare, broken_share
from lesion.audit.inference.calibration import calibration_error
from lesion.audit.inference.effective_size import sample
from lesion.audit.inference.mean_changes import spread
from lesion.audit.inference.net_loss import NetLoss, net_loss
from lesion.audit.inference.one_sided import net_lower, net_upper

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEVEL = 0.05
SIZES = (50, 200, 1_000, 10_000)
LIMITS = (1, 20, 1_000)  # that are judged together
MANY = 20
DESIGNS = (
    ((2, 2), False), ((1, 5), False), ((3, 10), False), ((10, 10), False),
    ((2, 2), True), ((3, 3), True), ((10, 10), True),
)  # fmt: skip


class Bounded(Protocol):
    """What has bounds."""

    def upper(self, examples: Floats, level: float, /) -> Floats: ...
    def lower(self, examples: Floats, level: float, /) -> Floats: ...


class Errors:
    """Wrong passes, wrong fails of a limit alone, and of `MANY` limits together, in studies of one kind.

    Attributes
    ----------
    where : what kind of studies these are
    trials : how many of them, or of independent parts of theirs
    """

    def __init__(self, where: str, trials: int) -> None:
        self.where, self.trials = where, trials
        self.found: list[Floats] = []

    def add(self, value: Bounded, examples: Floats, truth: Floats | float) -> None:
        """Count the bounds on the wrong side of the truth."""
        above = value.upper(examples, LEVEL) < truth - 1e-9
        alone, of_many = (value.lower(examples, LEVEL / limits) > truth + 1e-9 for limits in (1, MANY))
        self.found.append(np.array([above.mean(), alone.mean(), MANY * of_many.mean()]))

    @property
    def rates(self) -> Floats:
        """The three rates: float64 (3,)."""
        return np.asarray(np.mean(self.found, axis=0))


def worst(what: str, cells: list[Errors]) -> Iterator[Rate]:
    """The worst kind of studies for passes and for fails. The chance of any of `MANY` rare errors is their sum."""
    rates = np.stack([cell.rates for cell in cells])
    for place, (name, fewer) in enumerate(
        (("wrong passes", 1), ("wrong fails", 1), (f"wrong fails of {MANY} limits", MANY))
    ):
        cell = cells[int(rates[:, place].argmax())]
        said = what if len(cells) == 1 else f"{what}, the worst of {len(cells)} kinds ({cell.where})"
        yield Rate(f"{name}: {said}", float(cell.rates[place]), LEVEL, cell.trials // fewer, "at most")


def chances(examples: int, broken: float, fixed: float) -> tuple[Floats, Floats, Floats]:
    """The shares that break and are fixed in each outcome of a pair of models, and its probability."""
    lost, won = outcomes(examples, broken)[:, None], outcomes(examples, fixed)
    same = examples - lost - won
    lost, won = np.broadcast_arrays(lost, won)
    inside = same >= 0
    lost, won, same = lost[inside], won[inside], same[inside]
    ways = special.gammaln(examples + 1) - sum(special.gammaln(count + 1) for count in (lost, won, same))
    logs = special.xlogy(lost, broken) + special.xlogy(won, fixed) + special.xlogy(same, 1 - broken - fixed)
    return lost / examples, won / examples, np.exp(ways + logs)


def bonett_price(lost: Floats, won: Floats, size: Floats, level: float) -> Floats:
    """The upper end of the interval of a change with two examples added (`inference.pairs`), at a level."""
    total = size + 2.5
    more, less = (lost * size + 1.25) / total, (won * size + 1.25) / total
    return np.asarray(more - less - special.ndtri(level) * np.sqrt((more + less - (more - less) ** 2) / total))


def pairs_by_enumeration() -> Iterator[Rate]:
    """One pair of models: every outcome with its probability, the worst of all rates with a loss of 0 or more."""
    for examples in SIZES:
        most = 0.2 if examples < 5_000 else 0.05
        rates = [(more, less) for more in RATES for less in RATES if less <= more <= most]
        worst_of = dict.fromkeys(("ours", "normal", "tail", *map(str, LIMITS)), 0.0)
        for broken, fixed in rates:
            lost, won, chance = chances(examples, broken, fixed)
            size, truth = np.full(len(lost), float(examples)), broken - fixed
            wrong = {
                "ours": net_upper(lost, won, size, LEVEL) < truth - 1e-9,
                "normal": bonett_price(lost, won, size, LEVEL) < truth - 1e-9,
                "tail": net_upper(lost, won, size, LEVEL / LIMITS[-1]) < truth - 1e-9,
                **{str(limits): net_lower(lost, won, size, LEVEL / limits) > truth + 1e-9 for limits in LIMITS},
            }
            worst_of = {name: max(worst_of[name], float(chance @ wrong[name])) for name in worst_of}
        who = f"a pair, loss, {examples:,} examples, the worst of {len(rates)} rates"
        yield Rate(f"wrong passes: {who}", worst_of["ours"], LEVEL, EXACT, "at most")
        yield Rate(f"the same with the bound of Bonett and Price: {who}", worst_of["normal"], None, EXACT)
        far = f"wrong passes at a level of {LEVEL / LIMITS[-1]:.5f}, times {LIMITS[-1]:,}: {who}"
        yield Rate(far, LIMITS[-1] * worst_of["tail"], None, EXACT)
        for limits in LIMITS:
            yield Rate(
                f"wrong fails of {limits:,} limit{'s' if limits > 1 else ''}: {who}",
                limits * worst_of[str(limits)],
                LEVEL,
                EXACT,
                "at most",
            )


def power() -> Iterator[Rate]:
    """How often a limit of one point is decided, of one pair."""
    kinds = ((0.0, 0.0), (0.002, 0.002), (0.01, 0.01), (0.03, 0.0), (0.04, 0.01))
    for (broken, fixed), examples in product(kinds, (300, 1_000, 3_000)):
        lost, won, chance = chances(examples, broken, fixed)
        size = np.full(len(lost), float(examples))
        if broken == fixed:
            found, said = net_upper(lost, won, size, LEVEL) <= 0.01, "passed"
        else:
            found, said = net_lower(lost, won, size, LEVEL / MANY) > 0.01, f"failed, one of {MANY} limits"
        who = f"{examples:,} examples, {broken:.1%} broken, {fixed:.1%} fixed"
        yield Rate(f"a limit of one point is {said}: {who}", float(chance @ found), None, EXACT)


def of_clusters() -> Iterator[Rate]:
    """One pair of models; the examples of a cluster flip together, all of them or six in ten."""
    rng, runs = np.random.default_rng(1), 1_000
    for said in ("ten", "any size, ten on average"):
        losses: list[Errors] = []
        broken_ones: list[Errors] = []
        for count, share, (broken, fixed) in product((30, 100, 300), (1.0, 0.6), ((0.02, 0.0), (0.1, 0.05))):
            shape = (runs, count)
            size = np.full(shape, 10) if said == "ten" else rng.geometric(0.1, shape)
            state = rng.random(shape)
            way = np.where(state < broken / share, 1, np.where(state < (broken + fixed) / share, -1, 0))
            study, cluster = np.repeat(np.arange(runs), size.sum(axis=1)), np.repeat(np.arange(size.size), size.ravel())
            loss = way.ravel()[cluster] * (rng.random(len(cluster)) < share).astype(np.float64)
            where, none = f"{count} clusters, {share:.0%} flip, {broken:.0%} broken, {fixed:.0%} fixed", np.zeros(runs)
            seen, lost = (sample(values, study, runs, cluster) for values in (loss, np.maximum(loss, 0)))
            for cells in (losses, broken_ones):
                cells.append(Errors(where, runs))
            losses[-1].add(NetLoss(seen, [], none), seen.examples, broken - fixed)
            broken_ones[-1].add(BrokenShare(lost, none, none + 1), seen.examples, broken)
        yield from worst(f"loss, clusters of {said}", losses)
        yield from worst(f"broken, clusters of {said}", broken_ones)


@dataclass(frozen=True)
class Harm:
    """How populations are harmed, and what each class then loses."""

    said: str
    answers: Callable[[np.random.Generator, Study], tuple[Flags, Flags]]
    loss: Callable[[Floats], Floats]


def flips(rates: tuple[float, float], together: float, who: str) -> Harm:
    broken, fixed = rates
    return Harm(
        f"{broken:.2%} broken, {fixed:.2%} fixed, {who}",
        lambda rng, study: drawn(rng, study, rates, together),
        lambda recall: recall * broken - (1 - recall) * fixed,
    )


def damaged(rng: np.random.Generator, study: Study) -> tuple[Flags, Flags]:
    """Each compressed member breaks a share of its own, 20 % with a standard deviation of 10."""
    before, after = drawn(rng, study, (0.0, 0.0), 1.0)
    return before, after & ~(rng.random(after.shape) < rng.gamma(4, 0.05, (len(after), 1)))


def in_clusters(rng: np.random.Generator, study: Study) -> tuple[Flags, Flags]:
    """One in ten clusters of ten examples breaks, for all members."""
    before, after = drawn(rng, study, (0.0, 0.0), 1.0)
    count = before.shape[1] // 10
    return before, after & ~np.repeat(rng.random(count) < 0.1, 10)


DAMAGED = Harm("members damaged by 20 ± 10 %", damaged, lambda recall: 0.2 * recall)
CLUSTERED = Harm("one in ten clusters of ten breaks", in_clusters, lambda recall: 0.1 * recall)


def of_members() -> Iterator[Rate]:
    """Loss of classes and of all where a side has several members."""
    runs = 400
    kinds = [flips(rates, together, who) for rates, (who, together) in product(FLIPS[1:], TOGETHER.items())]
    for members, paired in DESIGNS:
        studies = [Study(members, paired, each, classes) for each, classes in ((20, 10), (300, 3))]
        cells = [cell for study, harm in product(studies, kinds) for cell in errors_of(study, harm, runs)]
        study = Study(members, paired, 100, 3)
        who = str(study).split(",")[0]
        yield from worst(f"loss, {who}", cells)
        for harm in (DAMAGED, CLUSTERED):
            yield from worst(f"loss, {who}", errors_of(study, harm, runs))


def errors_of(study: Study, harm: Harm, runs: int) -> list[Errors]:
    """Those of the loss of a class, and of that of all."""
    rng, label = np.random.default_rng(1), np.repeat(np.arange(study.classes), study.each)
    cluster = np.arange(len(label)) // 10 if harm is CLUSTERED else None
    truth, whole = harm.loss(expected_recall(study)), np.zeros(len(label), dtype=np.int64)
    where = f"{study.classes} classes of {study.each}, {harm.said}"
    cells = [Errors(f"of a class, {where}", runs), Errors(f"of all, {where}", runs)]
    for _ in range(runs):
        sides = harm.answers(rng, study)
        for cell, stratum, strata, true in zip(
            cells, (label, whole), (study.classes, 1), (truth, truth.mean()), strict=True
        ):
            value = net_loss(*sides, stratum, strata, paired=study.paired, cluster=cluster)
            cell.add(value, value.sample.examples, true)
    return cells


def of_broken() -> Iterator[Rate]:
    """Modal labels of populations that break; the truth is the mean over all studies."""
    runs, none = 200, np.zeros(200, dtype=np.int64)
    kinds = [*(flips(rates, 1.0, "all members flip the same") for rates in ((0.01, 0.002), (0.1, 0.02))), DAMAGED]
    for members, paired in (((2, 2), False), ((3, 10), False), ((10, 10), False), ((3, 3), True)):
        study, cells = Study(members, paired, 100, 2), []
        for harm in kinds:
            rng, values = np.random.default_rng(3), []
            for _ in range(runs):
                before, after = ((~side).astype(np.int64) for side in harm.answers(rng, study))
                values.append(
                    broken_share(
                        before,
                        after,
                        none,
                        none,
                        1,
                        classes=2,
                        ties="member",
                        paired=paired,
                        resamples=50,
                        rng=rng,
                        cluster=None,
                    )
                )
            truth = float(np.mean([value.estimate for value in values]))
            cells.append(Errors(harm.said, runs))
            for value in values:
                cells[-1].add(value, np.array([200.0]), truth)
        yield from worst(f"broken, {str(study).split(',')[0]}, 200 examples", cells)


def of_calibration() -> Iterator[Rate]:
    """The rise of the calibration error."""
    rng = np.random.default_rng(17)
    for study, runs in (
        (calibration.Study(50, 1, paired=True), 2_000),
        (calibration.Study(1_000, 1, paired=True), 500),
        (calibration.Study(1_000, 1, paired=True, clusters=True), 500),
        (calibration.Study(200, 2, paired=False), 500),
        (calibration.Study(1_000, 3, paired=True), 200),
    ):
        parts, cells = study.parts(runs), []
        for sharp in calibration.SURE:
            before, after = (calibration_error(*side, parts) for side in calibration.drawn(study, sharp, runs, rng))
            value = spread(before, after, parts, paired=study.paired)
            cells.append(Errors(" to ".join(calibration.NAMES[by] for by in sharp), runs))
            cells[-1].add(value, value.examples, calibration.truth(study, sharp, rng)["ece"])
        yield from worst(f"ece, {calibration.told(study)}", cells)


def whole_gates() -> Iterator[Rate]:
    """Limits of five points on each class, of one point on all; 3 % of the answers flip where nothing is lost."""
    rng, runs, flip = np.random.default_rng(5), 2_000, 0.03
    for classes, each in product((20, 100), (200, 1_000)):
        who = f"{classes} classes of {each:,} examples"
        for said, loss, limit in (
            ("nothing is lost", np.zeros(classes), 0.01),
            ("each class loses what it may", np.full(classes, 0.05), 0.05),
            ("one class loses what it may", np.eye(classes)[0] * 0.05, 0.01),
            ("one class loses 15 points", np.eye(classes)[0] * 0.15, 0.01),
        ):
            rates = np.stack([(flip + loss) / 2 + loss / 2, np.full(classes, flip / 2), 1 - flip - loss], axis=-1)
            count = rng.multinomial(each, rates, (runs, classes))
            passed, failed = (float(gates.mean()) for gates in judged(count, each, limit))
            if loss.any():
                yield Rate(f"the gate passes, wrongly, {said}: {who}", passed, LEVEL, runs, "at most")
            else:
                yield Rate(f"the gate passes, {said}: {who}", passed, None, runs)
            if loss.max() > 0.05:
                yield Rate(f"the gate fails, {said}: {who}", failed, None, runs)
            else:
                yield Rate(f"the gate fails, wrongly, {said}: {who}", failed, LEVEL, runs, "at most")


def judged(count: npt.NDArray[np.int64], each: int, limit: float) -> tuple[Flags, Flags]:
    """Which gates pass and which fail: limits of five points on each class, and of `limit` on all.

    Parameters
    ----------
    count : int64 (runs, classes, 3), how many break, are fixed, and do neither
    """
    runs, classes, _ = count.shape
    share = np.concatenate([count, count.sum(axis=1, keepdims=True) / classes], axis=1) / each
    size = np.broadcast_to(np.append(np.full(classes, each), each * classes).astype(np.float64), share.shape[:2])
    at_most = np.append(np.full(classes, 0.05), limit)
    flat = share[..., 0].ravel(), share[..., 1].ravel(), size.ravel()
    high = net_upper(*flat, LEVEL).reshape(runs, -1)
    low = net_lower(*flat, LEVEL / (classes + 1)).reshape(runs, -1)
    return np.all(high <= at_most, axis=1), np.any(low > at_most, axis=1)


def rows() -> Iterator[Rate]:
    """The cells; about two minutes of one core."""
    yield from pairs_by_enumeration()
    yield from power()
    yield from of_clusters()
    yield from of_members()
    yield from of_broken()
    yield from of_calibration()
    yield from whole_gates()
