from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
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
INDEPENDENT = Spread(members=0.0004, rest=0.1, shared=0, paired=False, classes=10)
PAIRED = replace(INDEPENDENT, paired=True)
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


@settings(max_examples=40)
@given(
    change=st.floats(0.01, 0.2),
    examples=st.integers(1, 2000),
    alpha=LEVELS,
    power=st.floats(0.5, 0.95),
    paired=st.booleans(),
)
def test_members_needed_are_the_fewest_that_suffice(
    change: float, examples: int, alpha: float, power: float, paired: bool
) -> None:
    effect = change / np.sqrt(0.0004 + 0.1 / examples)
    spread = PAIRED if paired else INDEPENDENT
    needed = members_needed(spread, change=change, examples=examples, alpha=alpha, power=power)
    assert power_by_statsmodels(effect, needed or MOST, alpha, paired=paired) >= power - 1e-3 or needed is None
    if needed != 2:
        assert power_by_statsmodels(effect, (needed or MOST + 1) - 1, alpha, paired=paired) <= power + 1e-3


@pytest.mark.parametrize("spread", [INDEPENDENT, PAIRED])
def test_more_than_ten_thousand_members_are_no_answer(spread: Spread) -> None:
    assert members_needed(spread, change=0.0001, examples=50) is None
    few, enough = 1e-4, 1e-2
    for _ in range(30):
        middle = (few + enough) / 2
        few, enough = (middle, enough) if members_needed(spread, change=middle, examples=50) is None else (few, middle)
    needed = members_needed(spread, change=enough, examples=50)
    assert needed is not None
    assert MOST - 5 <= needed <= MOST


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"change": 0.0}, r"must lie in \(0, 1\]"),
        ({"change": 1.5}, r"must lie in \(0, 1\]"),
        ({"change": float("nan")}, r"must lie in \(0, 1\]"),
        ({"examples": 0}, "one example at least"),
        ({"power": 1.0}, "alpha < power < 1"),
        ({"power": 0.04}, "alpha < power < 1"),
        ({"alpha": 0.0}, "alpha < power < 1"),
    ],
)
def test_what_cannot_be_planned(asked: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        members_needed(INDEPENDENT, **{"change": 0.1, "examples": 50} | asked)  # type: ignore[arg-type]


def test_the_table_holds_what_is_needed_of_each() -> None:
    table = power_table(INDEPENDENT, changes=[0.1, 0.02, 0.0005], examples=[20, 500], power=0.9)
    assert table.columns.tolist() == ["examples", "change", "spread", "members", "members_fdr"]
    assert table[["examples", "change"]].to_numpy().tolist() == [[n, c] for n in (20, 500) for c in (0.1, 0.02, 0.0005)]
    for row in table.itertuples():
        assert row.spread == pytest.approx(np.sqrt(0.0004 + 0.1 / row.examples))
        for found, alpha in ((row.members, 0.05), (row.members_fdr, 0.005)):
            needed = members_needed(INDEPENDENT, change=row.change, examples=row.examples, alpha=alpha, power=0.9)
            assert needed is None if pd.isna(found) else found == needed
    assert table["members"].isna().tolist() == [False, False, True] * 2


@pytest.mark.parametrize(("normalised", "skill"), [(PAPER, 0.12**2 / 12), (OWN, 0.0)])
def test_a_pilot_tells_the_spread_of_recall_in_classes_of_any_size(normalised: Impact, skill: float) -> None:
    rng, sizes = np.random.default_rng(9), [30, 60, 200, 110]
    pilot = pilot_spread(models(rng, members=1000, sizes=sizes), classes=4, settings=normalised)
    assert pilot.members == pytest.approx(skill, abs=1.5e-4)
    assert pilot.rest == pytest.approx(0.7 * 0.3, rel=0.02)
    many = models(rng, members=4000, sizes=sizes)
    for label, size in enumerate(sizes):
        recall = many.correct[:, many.known_label == label].mean(axis=1)
        true = (recall - (many.correct.mean(axis=1) if normalised is OWN else 0)).std()
        assert pilot.of_recall(np.array([size]))[0] == pytest.approx(true, rel=0.12)


def test_a_pilot_of_two_members_is_right_on_average() -> None:
    rng, sizes = np.random.default_rng(10), [40] * 12
    pilots = [pilot_spread(models(rng, members=2, sizes=sizes), classes=12, settings=PAPER) for _ in range(300)]
    variance = [pilot.of_recall(np.array([40.0, 400.0])) ** 2 for pilot in pilots]
    true = 0.12**2 / 12 + 0.7 * 0.3 / np.array([40, 400])
    error = np.std(variance, axis=0) / np.sqrt(len(pilots))
    assert (np.abs(np.mean(variance, axis=0) - true) < 4 * error + 2e-4).all()  # none is below 0: a little too much


def test_the_design_is_that_of_the_study() -> None:
    rng = np.random.default_rng(5)
    label = labels(rng, 60, 3)
    dense, compressed = (population(rng, label, members=4, classes=3, origins=(1, 2, 3, 4)) for _ in range(2))
    for design in ("auto", "paired"):
        assert comparison_spread(compared(dense, compressed, classes=3, design=design), settings=PAPER).paired
    both = comparison_spread(compared(dense, compressed, classes=3, design="independent"), settings=PAPER)
    alone = [pilot_spread(one, classes=3, settings=PAPER) for one in (dense, compressed)]
    assert not both.paired
    assert both.rest == pytest.approx(np.mean([one.rest for one in alone]))
    assert both.members == pytest.approx(np.mean([one.members for one in alone]))


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
    needed = members_needed(spread, change=change, examples=50)
    assert needed is not None
    assert 4 < needed < 20
    effect = change / spread.of_recall(np.array([50]))[0]
    predicted = power_by_statsmodels(effect, needed, 0.05, paired=design == "paired")
    found = 0.0
    for _ in range(rounds):
        dense, compressed = study(rng, members=needed, sizes=sizes, change=change, design=design)
        found += impact.table(compared(dense, compressed, classes=6, design=design), settings=OWN)["significant"].mean()
    assert found >= stats.binom.ppf(0.0005, rounds, predicted)  # classes that lend their variance find more


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
