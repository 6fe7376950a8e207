"""Which populations are on the Pareto front, and how often what is said of them is wrong."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from lesion.audit.inference.front import Means, beside_line, better_p, no_dearer, seems_on, standings

Floats = npt.NDArray[np.float64]


def known(*cost: float) -> npt.NDArray[np.bool_]:
    return no_dearer(np.array(cost), np.array(cost))


def means(*members: list[float], least: float = 0.0) -> Means:
    return Means.of([np.array(values) for values in members], np.full(len(members), least))


def test_p_is_that_of_scipys_one_sided_welch_test() -> None:
    rng = np.random.default_rng(3)
    members = [rng.normal(0.9, spread, count) for spread, count in ((0.01, 4), (0.03, 7), (0.02, 3))]
    p = better_p(Means.of(members, np.zeros(3)))
    for one in range(3):
        for other in range(3):
            if one != other:
                expected = stats.ttest_ind(members[other], members[one], equal_var=False, alternative="greater").pvalue
                assert p[one, other] == pytest.approx(expected)


def test_members_that_all_agree_leave_no_doubt() -> None:
    of = means([0.8, 0.8], [0.9, 0.9], [0.9, 0.9])
    assert better_p(of)[0].tolist() == [1.0, 0.0, 0.0]
    assert standings(known(1, 1, 2), of, alpha=0.05) == ["off", "on", "undecided"]


def test_chance_is_the_least_variance() -> None:
    assert standings(known(1, 1), means([0.8, 0.8], [0.81, 0.81], least=0.01), alpha=0.05) == ["undecided"] * 2


def test_one_member_decides_nothing_against_others() -> None:
    assert standings(known(1, 2), means([0.9], [0.5, 0.51]), alpha=0.05) == ["on", "undecided"]


def test_an_unknown_cost_counts_for_nobody() -> None:
    of = means([0.9, 0.91], [0.5, 0.51])
    assert not known(np.nan, 1).any()
    assert standings(known(np.nan, 1), of, alpha=0.05)[1] == "on"


def test_costs_that_overlap_are_equal() -> None:
    rivals = no_dearer(np.array([1.0, 2.0, 4.0]), np.array([2.5, 3.0, 5.0]))
    assert rivals.tolist() == [[False, True, False], [True, False, False], [True, True, False]]
    assert seems_on(rivals, np.array([0.5, 0.5, 0.5])).tolist() == [True, True, False]


@given(arrays(float, 6, elements=st.integers(1, 4).map(float)), arrays(float, 6, elements=st.integers(0, 4).map(float)))
def test_the_observed_front_is_that_of_a_plain_loop(cost: Floats, mean: Floats) -> None:
    expected = [
        not any(
            cost[j] <= cost[i] and mean[j] >= mean[i] and (cost[j] < cost[i] or mean[j] > mean[i]) for j in range(6)
        )
        for i in range(6)
    ]
    assert seems_on(no_dearer(cost, cost), mean).tolist() == expected


def simulated(truth: Floats, cost: Floats, spread: Floats, counts: list[int], runs: int) -> dict[str, Floats]:
    """How often each population is said to be on the front, and off it: float64 (k,)."""
    rng = np.random.default_rng(8)
    found = {"on": np.zeros(len(truth)), "off": np.zeros(len(truth))}
    for _ in range(runs):
        members = [rng.normal(mean, sd, count) for mean, sd, count in zip(truth, spread, counts, strict=True)]
        said = np.array(standings(no_dearer(cost, cost), Means.of(members, np.zeros(len(truth))), alpha=0.05))
        for state, counted in found.items():
            counted += said == state
    return {state: counted / runs for state, counted in found.items()}


@pytest.mark.parametrize("counts", [[3] * 5, [10] * 5, [3, 10, 3, 10, 4]])
@pytest.mark.parametrize("spread", [[1.0] * 5, [0.1, 1.0, 3.0, 0.3, 1.0]])
def test_what_is_said_is_wrong_in_five_percent_at_most(counts: list[int], spread: list[float]) -> None:
    cost, runs = np.arange(5.0), 1500
    margin = 3 * np.sqrt(0.05 * 0.95 / runs)
    flat = simulated(np.zeros(5), cost, np.array(spread), counts, runs)  # no better than what costs less
    assert (flat["on"][1:] <= 0.05 + margin).all()
    assert (flat["off"] <= 0.05 + margin).all()  # no worse, either
    rising = simulated(np.linspace(0, 0.02, 5), cost, np.array(spread), counts, runs)  # all on the front, barely
    assert (rising["off"] <= 0.05 + margin).all()


def test_large_differences_are_found() -> None:
    said = simulated(np.array([0.0, 5.0, 2.0]), np.array([1.0, 2.0, 3.0]), np.ones(3), [8] * 3, 200)
    assert said["on"][1] > 0.95
    assert said["off"][2] > 0.95


def test_the_gain_over_a_line_is_that_of_interpolation() -> None:
    of = means([1.0, 3.0], [5.0, 9.0], [6.0, 8.0, 7.0])
    cost = np.array([1.0, 100.0, 10.0])
    found = beside_line(cost, of, np.array([0, 1]))
    assert found.gain[2] == pytest.approx(7.0 - (2.0 + 7.0) / 2)
    terms = np.array([0.25 * 2 / 2, 0.25 * 8 / 2, 1 / 3])
    freedom = terms.sum() ** 2 / (terms[0] ** 2 + terms[1] ** 2 + terms[2] ** 2 / 2)
    assert found.high[2] - found.gain[2] == pytest.approx(stats.t.ppf(0.975, freedom) * terms.sum() ** 0.5)
    assert np.isnan(found.gain[:2]).all()
    assert np.isnan(beside_line(np.array([1.0, 100.0, 1000.0]), of, np.array([0, 1])).gain).all()


def test_the_interval_of_the_gain_holds_the_truth() -> None:
    rng, runs, held = np.random.default_rng(4), 1500, 0
    cost = np.array([1.0, 10.0, 4.0])
    truth = 1.0 - np.interp(np.log(4), np.log([1, 10]), [0.0, 1.0])
    for _ in range(runs):
        members = [rng.normal(m, s, n) for m, s, n in ((0.0, 1.0, 3), (1.0, 0.2, 10), (1.0, 0.6, 5))]
        found = beside_line(cost, Means.of(members, np.zeros(3)), np.array([0, 1]))
        held += found.low[2] <= truth <= found.high[2]
    assert held / runs >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / runs)
