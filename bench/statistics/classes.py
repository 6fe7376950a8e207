"""Tests of classes: how often they find a change where nothing changes, and how often one that is there."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bench.statistics.populations import Kind, right
from bench.statistics.rate import Rate
from lesion.audit.inference.effects import changes
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.recall import normalised, recalls
from lesion.audit.inference.significance import t_test

Floats = npt.NDArray[np.float64]

ALPHA, RUNS = 0.05, 400
UNEQUAL = ((2, 2), (2, 10), (2, 30), (30, 2), (3, 30), (5, 30), (3, 3), (10, 10))
PAIRS = (2, 3, 5, 10)
KINDS = {
    "ten classes of 40": (Kind(), 40),
    "five of ten classes always right": (Kind(easy=0.5), 40),
    "classes of 400, members very unequal, five always right": (Kind(able=1, easy=0.5), 400),
    "99 % of examples the same for all members": (Kind(certain=0.99), 40),
}


def p_values(
    rng: np.random.Generator,
    kind: Kind,
    members: tuple[int, int],
    sizes: list[int],
    *,
    paired: bool,
    harm: Floats | None = None,
) -> tuple[Floats, Floats, Floats]:
    """p of the moderated test, of Welch's or the paired one of textbooks, and of the paper's: (classes,) each."""
    one, other = right(rng, kind, members=members, sizes=sizes, paired=paired, harm=harm)
    label, classes = np.repeat(np.arange(len(sizes)), sizes), len(sizes)
    tested = changes(one, other, label, classes, paired=paired).tested
    assert tested is not None
    plain, paper = (
        t_test(
            *(normalised(recalls(side, label, classes), side.mean(axis=1), own=own) for side in (other, one)),
            paired=paired and own,
        ).p
        for own in (True, False)
    )
    return tested.p, plain, paper


def nothing_changes(name: str, kind: Kind, each: int, members: tuple[int, int], *, paired: bool) -> Iterator[Rate]:
    rng = np.random.default_rng(1)
    drawn = [p_values(rng, kind, members, [each] * 10, paired=paired) for _ in range(RUNS)]
    moderated, plain, paper = (np.stack(p) for p in zip(*drawn, strict=True))
    studies = f"{who(members, paired=paired)}, {name}"
    rate = float((moderated < ALPHA).mean())
    yield Rate(f"test of a class, moderated, {studies}: p < 0.05", rate, ALPHA, RUNS, "at most")
    yield Rate(f"test of a class, moderated, {studies}: any q < 0.05", alarms(moderated), ALPHA, RUNS, "at most")
    yield Rate(f"test of a class, of textbooks, {studies}: any q < 0.05", alarms(plain), None, RUNS)
    yield Rate(f"test of a class, the paper's, {studies}: any q < 0.05", alarms(paper), None, RUNS)


def alarms(p: Floats) -> float:
    """The share of studies, one a row, that find any class at q < 0.05."""
    return float((q_values(p) < ALPHA).any(axis=1).mean())


def who(members: tuple[int, int], *, paired: bool) -> str:
    return f"{members[0]} pairs" if paired else f"{members[0]} v {members[1]}"


def some_change(members: tuple[int, int], each: int, *, paired: bool) -> Iterator[Rate]:
    """Eight of twenty classes lose or gain half a logit."""
    harm = np.zeros(20)
    harm[:8] = np.tile([0.5, -0.5], 4)
    rng, runs = np.random.default_rng(2), 150
    found: list[list[float]] = [[], []]
    false = []
    for _ in range(runs):
        moderated, plain, _ = p_values(rng, Kind(), members, [each] * 20, paired=paired, harm=harm)
        q = [q_values(p) < ALPHA for p in (moderated, plain)]
        for kept, flags in zip(found, q, strict=True):
            kept.append(float(flags[harm != 0].mean()))
        false.append(float(q[0][harm == 0].sum() / max(1, q[0].sum())))
    name = f"8 of 20 classes of {each} change, {who(members, paired=paired)}"
    for test, rates in zip(("moderated", "of textbooks"), found, strict=True):
        yield Rate(f"{name}: found at q < 0.05, {test}", float(np.mean(rates)), None, runs)
    yield Rate(f"{name}: false ones among the found, moderated", float(np.mean(false)), ALPHA, runs, "at most")


def rows() -> Iterator[Rate]:
    """Size where nothing changes, power and false discoveries where eight of twenty classes do."""
    for name, (kind, each) in KINDS.items():
        for members in UNEQUAL:
            yield from nothing_changes(name, kind, each, members, paired=False)
        for pairs in PAIRS:
            yield from nothing_changes(name, kind, each, (pairs, pairs), paired=True)
    for each in (40, 100):
        for members in ((3, 3), (5, 30), (10, 10)):
            yield from some_change(members, each, paired=False)
        yield from some_change((3, 3), each, paired=True)
