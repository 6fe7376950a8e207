from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit
from statsmodels.stats.power import TTestIndPower, TTestPower

from lesion.audit.comparison.populations import Population
from lesion.audit.inference.noncentral_t import noncentrality_found, t_test_power
from lesion.audit.inference.power import MOST, Spread, members_needed
from lesion.audit.planning.power import comparison_spread, detectable, pilot_spread, power_table
from lesion.audit.statistics import impact
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.impact import Impact
from tests.compared import compared
from tests.synthetic import labels, population

Floats = npt.NDArray[np.float64]
PAPER = Impact(alpha=0.05, normalise="population")
OWN = Impact(alpha=0.05, normalise="member")
INDEPENDENT = Spread(
    rest=0.6,
    per_flip=0,
    seen=0,
    classes_apart=0.01,
    ability=0.005,
    slope=0.15,
    accuracy=1e-5,
    total=20_000,
    own=True,
    paired=False,
    classes=10,
    prior_freedom=0,
    lenders=0,
)
PAIRED = replace(INDEPENDENT, paired=True, per_flip=0.8, seen=0.01)
LEVELS = st.floats(0.001, 0.3)


def models(
    rng: np.random.Generator,
    *,
    members: int,
    sizes: list[int],
    change: float = 0,
    parents: npt.NDArray[np.bool_] | None = None,
) -> Population:
    """Members more or less skilled, on examples of recall 0.7; even classes lose `change` and odd ones gain it.

    With `parents`, member k is right where its parent is, but for three in ten examples that it answers anew.
    """
    label = np.repeat(np.arange(len(sizes)), sizes).astype(np.int16)
    shape = (members, len(label))
    right = rng.random(shape) < 0.7 + rng.uniform(-0.06, 0.06, (members, 1))
    if parents is not None:
        right = np.where(rng.random(shape) < 0.7, parents, right)
    forgotten, learnt = (rng.random(shape) < change / share for share in (0.7, 0.3))
    right = np.where(label % 2 == 0, right & ~forgotten, right | learnt)
    return Population(
        example_id=np.arange(len(label)),
        member=np.arange(members),
        label=label,
        prediction=np.where(right, label, (label + 1) % len(sizes)),
    )


def able(rng: np.random.Generator, *, members: int, sizes: list[int], typical: list[float], kinds: float) -> Population:
    """Members able in general and, by `kinds`, in each class, on examples that are easy or hard: logits of being right.

    The examples are the same in each call.
    """
    label = np.repeat(np.arange(len(sizes)), sizes)
    easy = np.array(typical)[label] + np.random.default_rng(99).normal(0, 1, len(label))
    skill = rng.normal(0, 0.4, (members, 1)) + rng.normal(0, kinds, (members, len(sizes)))
    right = rng.random((members, len(label))) < expit(easy + skill[:, label])
    said = np.where(right, label, (label + 1) % len(sizes))
    return Population(np.arange(len(label)), np.arange(members), label, said)


def variance(spread: Spread, examples: int, recall: float, change: float = 0.0) -> float:
    """Of normalised recall between members, the mean of both populations, or of a pair's change."""
    asked = (np.array([float(value)]) for value in (examples, recall, change))
    return float(np.mean(spread.variances(*asked)))


def study(
    rng: np.random.Generator, *, members: int, sizes: list[int], change: float, design: Design
) -> list[Population]:
    """A dense population and its compressed one, descended from it where the design is paired."""
    dense = models(rng, members=members, sizes=sizes)
    parents = dense.correct if design == "paired" else None
    return [dense, models(rng, members=members, sizes=sizes, change=change, parents=parents)]


def power_by_statsmodels(effect: float, members: int, alpha: float, *, paired: bool) -> float:
    test = TTestPower() if paired else TTestIndPower()
    both = float(test.power(effect, members, alpha))  # NaN where the wrong tail underflows
    return both if np.isfinite(both) else float(test.power(effect, members, alpha / 2, alternative="larger"))


@settings(max_examples=60)
@given(noncentrality=st.floats(0.05, 7), members=st.integers(2, 200), alpha=LEVELS)
def test_power_is_that_of_statsmodels(noncentrality: float, members: int, alpha: float) -> None:
    for paired, samples in ((True, 1), (False, 2)):
        effect, freedom = noncentrality * np.sqrt(samples / members), samples * (members - 1.0)
        found = t_test_power(np.array([noncentrality]), np.array([freedom]), alpha)
        assert found[0] == pytest.approx(power_by_statsmodels(effect, members, alpha, paired=paired), abs=1e-4)


@pytest.mark.parametrize("freedom", [1.0, 1.7, 4.0, 29.0, 58.0, 998.0])
@pytest.mark.parametrize("alpha", [0.05, 5e-5])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.99])
def test_the_noncentrality_found_is_found_with_that_power_by_scipy(freedom: float, alpha: float, power: float) -> None:
    found = noncentrality_found(np.array([freedom, freedom + 1]), alpha, power)[0]
    critical = stats.t.isf(alpha / 2, freedom)
    assert stats.nct.sf(critical, freedom, found) == pytest.approx(power, abs=1e-3)  # the other tail is nothing


def test_freedom_between_the_solved_ones_is_interpolated_well() -> None:
    freedom = np.random.default_rng(0).uniform(1, 60, 300)
    for alpha in (0.05, 5e-5):
        found = noncentrality_found(freedom, alpha, 0.8)
        np.testing.assert_allclose(t_test_power(found, freedom, alpha), 0.8, atol=1e-3)


def test_two_members_and_a_million_classes_have_an_answer() -> None:
    found = noncentrality_found(np.array([1.0]), 5e-8, 0.8)
    z = np.random.default_rng(1).standard_normal((2, 400_000))
    share = np.mean(np.abs((z[0] + found) / np.abs(z[1])) > 1 / np.tan(np.pi * 5e-8 / 2))  # t of one degree: Cauchy's
    assert share == pytest.approx(0.8, abs=4 * np.sqrt(0.8 * 0.2 / z.shape[1]))


def one_power(spread: Spread, members: int, *, change: float, examples: int, recall: float, alpha: float) -> float:
    """The power of so many members, by the variances and degrees of freedom of the spread."""
    variances = spread.variances(*(np.array([float(value)]) for value in (examples, recall, change)))
    freedom = spread.freedom(np.array([members]), variances)
    error = np.sqrt(np.sum(variances, axis=0) / members)
    return float(t_test_power(change / error, freedom, alpha)[0])


@settings(max_examples=40)
@given(
    change=st.floats(0.01, 0.2),
    examples=st.integers(1, 2000),
    recall=st.floats(0.3, 1),
    alpha=LEVELS,
    power=st.floats(0.5, 0.95),
    spread=st.sampled_from(
        [INDEPENDENT, PAIRED, replace(INDEPENDENT, own=False), replace(INDEPENDENT, prior_freedom=7, lenders=3)]
    ),
)
def test_members_needed_are_the_fewest_that_suffice(
    change: float, examples: int, recall: float, alpha: float, power: float, spread: Spread
) -> None:
    asked = {"change": change, "examples": examples, "recall": recall, "alpha": alpha}
    needed = members_needed(spread, power=power, **asked)  # type: ignore[arg-type]
    assert needed is None or one_power(spread, needed, **asked) >= power - 1e-9  # type: ignore[arg-type]
    if needed != 2:
        assert one_power(spread, (needed or MOST + 1) - 1, **asked) <= power + 1e-9  # type: ignore[arg-type]


def test_degrees_of_freedom_are_those_of_the_tests() -> None:
    members, equal = np.array([2, 10]), [np.array([0.3, 0.3])] * 2
    assert INDEPENDENT.freedom(members, equal).tolist() == [1, 9]
    assert replace(INDEPENDENT, lenders=2, prior_freedom=11).freedom(members, equal).tolist() == [3, 20]
    paper = replace(INDEPENDENT, own=False)
    assert paper.freedom(members, equal) == pytest.approx([2, 18])  # Welch's, of equal variances
    assert paper.freedom(members, [equal[0], 0 * equal[0]]) == pytest.approx([1, 9])


def test_more_than_ten_thousand_members_are_no_answer() -> None:
    asked: dict[str, Any] = {"examples": 50, "recall": 0.8}
    assert members_needed(INDEPENDENT, change=0.0001, **asked) is None
    few, enough = 1e-4, 1e-2
    for _ in range(30):
        middle = (few + enough) / 2
        none = members_needed(INDEPENDENT, change=middle, **asked) is None
        few, enough = (middle, enough) if none else (few, middle)
    needed = members_needed(INDEPENDENT, change=enough, **asked)
    assert needed is not None
    assert MOST - 5 <= needed <= MOST


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"change": 0.0}, r"must lie in \(0, 1\]"),
        ({"change": 1.5}, r"must lie in \(0, 1\]"),
        ({"change": float("nan")}, r"must lie in \(0, 1\]"),
        ({"examples": 0}, "one example at least"),
        ({"recall": 0.0}, r"recall of a class must lie in \(0, 1\]"),
        ({"power": 1.0}, "alpha < power < 1"),
        ({"power": 0.04}, "alpha < power < 1"),
        ({"alpha": 0.0}, "alpha < power < 1"),
    ],
)
def test_what_cannot_be_planned(asked: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        members_needed(INDEPENDENT, **{"change": 0.1, "examples": 50, "recall": 0.7} | asked)  # type: ignore[arg-type]


def test_the_table_holds_what_is_needed_of_each() -> None:
    axes = [20, 500], [0.7, 0.9], [0.1, 0.02, 0.0005]
    table = power_table(INDEPENDENT, examples=axes[0], recalls=axes[1], changes=axes[2], power=0.9)
    assert table.columns.tolist() == ["examples", "recall", "change", "spread", "members", "members_fdr"]
    assert table[["examples", "recall", "change"]].to_numpy().tolist() == [list(row) for row in product(*axes)]
    for row in table.to_dict("records"):
        for name, alpha in (("members", 0.05), ("members_fdr", 0.005)):
            asked = {key: row[key] for key in ("examples", "recall", "change")}
            needed = members_needed(INDEPENDENT, alpha=alpha, power=0.9, **asked)
            assert needed is None if pd.isna(row[name]) else row[name] == needed
    assert table["members"].isna().tolist() == [False, False, True] * 4


@pytest.mark.parametrize("normalised", [PAPER, OWN])
@pytest.mark.parametrize("kinds", [0.0, 0.4])
def test_a_pilot_tells_the_spread_of_classes_of_any_size_and_recall(normalised: Impact, kinds: float) -> None:
    rng, sizes, typical = np.random.default_rng(9), [30, 60, 200, 110, 80, 40], [2.0, -0.5, 1.0, 3.0, 0.5, 2.5]
    drawn = [able(rng, members=members, sizes=sizes, typical=typical, kinds=kinds) for members in (600, 3000)]
    pilot = pilot_spread(drawn[0], classes=len(sizes), settings=normalised)
    many, found, true = drawn[1], [], []
    for label, size in enumerate(sizes):
        recall = many.correct[:, many.known_label == label].mean(axis=1)
        true.append((recall - (many.correct.mean(axis=1) if normalised is OWN else 0)).var())
        found.append(variance(pilot, size, float(recall.mean())))
    np.testing.assert_allclose(found, true, rtol=0.25)
    assert np.mean(found) == pytest.approx(np.mean(true), rel=0.12)


def test_of_pairs_the_answers_that_a_loss_breaks_are_added() -> None:
    rng, size, lost = np.random.default_rng(12), 100, 0.1
    label = np.repeat(np.arange(8), size)
    parents = rng.random((800, len(label))) < 0.8
    anew = np.where(rng.random(parents.shape) < 0.8, parents, rng.random(parents.shape) < 0.8)
    ids = np.arange(len(label)), np.arange(800)
    dense, compressed = (Population(*ids, label, np.where(right, label, (label + 1) % 8)) for right in (parents, anew))
    pilot = comparison_spread(compared(dense, compressed, classes=8, design="paired"), settings=OWN)
    broken = anew & ~((label == 0) & (rng.random(parents.shape) < lost / 0.8))
    change = broken.astype(float) - parents
    true = (change[:, label == 0].mean(axis=1) - change.mean(axis=1)).var()
    assert variance(pilot, size, 0.8, lost) == pytest.approx(true, rel=0.2)
    assert variance(pilot, size, 0.8) < 0.8 * true


def test_a_pilot_of_two_members_is_right_on_average() -> None:
    rng, sizes = np.random.default_rng(10), [40] * 12
    pilots = [pilot_spread(models(rng, members=2, sizes=sizes), classes=12, settings=PAPER) for _ in range(300)]
    found = np.array([[variance(pilot, size, 0.7) for size in (40, 400)] for pilot in pilots])
    true = 0.12**2 / 12 + 0.7 * 0.3 / np.array([40, 400])
    error = np.std(found, axis=0) / np.sqrt(len(pilots))
    assert (np.abs(np.mean(found, axis=0) - true) < 4 * error + 2e-4).all()  # none is below 0: a little too much


def test_the_design_is_that_of_the_study() -> None:
    rng = np.random.default_rng(5)
    label = labels(rng, 60, 3)
    dense, compressed = (population(rng, label, members=4, classes=3, origins=(1, 2, 3, 4)) for _ in range(2))
    for design in ("auto", "paired"):
        assert comparison_spread(compared(dense, compressed, classes=3, design=design), settings=PAPER).paired
    both = comparison_spread(compared(dense, compressed, classes=3, design="independent"), settings=PAPER)
    alone = [pilot_spread(one, classes=3, settings=PAPER) for one in (dense, compressed)]
    assert not both.paired
    for name in ("rest", "classes_apart", "ability", "slope", "accuracy"):
        assert getattr(both, name) == pytest.approx(np.mean([getattr(one, name) for one in alone]))


def test_pilots_that_tell_nothing() -> None:
    rng = np.random.default_rng(6)
    label = labels(rng, 40, 4)
    made = population(rng, label, members=2, classes=4)
    alike = replace(made, prediction=np.repeat(made.prediction[:1], 2, axis=0))
    single = replace(made, member=made.member[:1], prediction=made.prediction[:1])
    with pytest.raises(InputError, match="two members at least"):
        pilot_spread(single, classes=4, settings=PAPER)
    with pytest.raises(InputError, match="two members at least"):
        comparison_spread(compared(made, single, classes=4), settings=PAPER)
    with pytest.raises(InputError, match="do not differ in what they get right"):
        pilot_spread(alike, classes=4, settings=PAPER)
    with pytest.raises(InputError, match="do not differ in what they get right"):
        comparison_spread(compared(made, made, classes=4, design="paired"), settings=PAPER)
    with pytest.raises(InputError, match="a class with two examples at least"):
        pilot_spread(population(rng, labels(rng, 4, 4), members=3, classes=4), classes=4, settings=PAPER)
    with pytest.raises(InputError, match="class 4 has no test example"):
        pilot_spread(made, classes=5, settings=PAPER)


@pytest.mark.parametrize("design", ["independent", "paired"])
def test_a_planted_change_is_found_as_often_as_planned(design: Design) -> None:
    rng, rounds, sizes, change = np.random.default_rng(31), 250, [50] * 6, 0.08
    pilot = study(rng, members=40, sizes=sizes, change=change, design=design)
    spread = comparison_spread(compared(pilot[0], pilot[1], classes=6, design=design), settings=OWN)
    needed = members_needed(spread, change=change, examples=50, recall=0.7)
    assert needed is not None
    assert 4 < needed < 30
    found = 0.0
    for _ in range(rounds):
        dense, compressed = study(rng, members=needed, sizes=sizes, change=change, design=design)
        found += impact.table(compared(dense, compressed, classes=6, design=design), settings=OWN)["significant"].mean()
    assert found / rounds == pytest.approx(0.8, abs=0.12)  # of so few members each is worth some points


@pytest.mark.parametrize("design", ["independent", "paired"])
@pytest.mark.parametrize("normalised", [PAPER, OWN])
def test_what_a_study_could_have_found_is_found_as_often_as_it_says(design: Design, normalised: Impact) -> None:
    rng, sizes, rounds = np.random.default_rng(32), [60, 90, 40], 200
    drawn = (study(rng, members=12, sizes=sizes, change=0, design=design) for _ in range(rounds))
    studies = [compared(dense, compressed, classes=3, design=design) for dense, compressed in drawn]
    tables = [detectable(comparison, settings=normalised) for comparison in studies[:20]]
    tests = [impact.table(comparison, settings=normalised) for comparison in studies]
    for name, alpha in (("detectable", 0.05), ("detectable_fdr", 0.05 / 3)):
        planted = np.mean([table[name] for table in tables], axis=0)
        found = np.zeros(3)
        for test in tests:
            t = test["t"] * (1 + planted / test["normalised_change"])  # as if each class had changed by as much more
            found += 2 * stats.t.sf(np.abs(t), test["degrees_of_freedom"]) < alpha
        low, high = stats.binom.interval(0.9999, rounds, 0.8)
        assert (low <= found).all()
        if design == "paired" or normalised is OWN:  # else skill that all classes share makes the test find more
            assert (found <= high).all()


@pytest.mark.parametrize("design", ["independent", "paired"])
def test_the_table_of_a_study_goes_with_its_tests(design: Design) -> None:
    dense, compressed = study(np.random.default_rng(3), members=9, sizes=[30, 70, 20], change=0.1, design=design)
    comparison = compared(dense, compressed, classes=3, design=design)
    found, tested = detectable(comparison, settings=PAPER), impact.table(comparison, settings=PAPER)
    for name in ("class", "examples", "test", "degrees_of_freedom"):
        assert found[name].equals(tested[name])
    np.testing.assert_allclose(found["normalised_change"] / found["standard_error"], tested["t"], rtol=1e-9)
    np.testing.assert_allclose(found["normalised_change"], tested["normalised_change"], atol=1e-12)
    assert (found["detectable"] < found["detectable_fdr"]).all()
    surer = detectable(comparison, settings=PAPER, power=0.95)
    assert (surer["detectable"] > found["detectable"]).all()
    critical = found["standard_error"] * stats.t.isf(0.025, found["degrees_of_freedom"])
    assert (found["detectable"] > critical).all()  # what is just significant is found half of the time


def test_a_class_in_which_no_member_differs_leaves_nothing_to_tell_from() -> None:
    dense, compressed = study(np.random.default_rng(4), members=4, sizes=[20, 50], change=0, design="independent")
    said = [np.where(made.known_label == 0, 0, made.prediction) for made in (dense, compressed)]
    comparison = compared(replace(dense, prediction=said[0]), replace(compressed, prediction=said[1]), classes=2)
    table = detectable(comparison, settings=PAPER)
    assert table[["standard_error", "detectable", "detectable_fdr"]].isna().all(axis=1).tolist() == [True, False]
    with pytest.raises(InputError, match="alpha < power < 1"):
        detectable(comparison, settings=PAPER, power=0.01)
