import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.inference.flip_power import MOST, critical, detectable_change, examples_needed, mcnemar_power
from lesion.audit.inference.sign_flips import mcnemar_p
from lesion.errors import InputError


@pytest.mark.parametrize("alpha", [0.3, 0.05, 1e-4])
def test_the_critical_count_is_the_largest_that_the_test_finds(alpha: float) -> None:
    for flips, found in enumerate(critical(np.arange(120), alpha)):
        rarer = np.arange(flips // 2 + 1)
        below = rarer[mcnemar_p(rarer, flips - rarer) < alpha] if flips else rarer[:0]
        assert found == (below.max() if len(below) else -1)


@settings(max_examples=30)
@given(
    examples=st.integers(1, 60),
    flips=st.floats(0.01, 1),
    of_flips=st.floats(0, 1),
    alpha=st.sampled_from([0.05, 0.2]),
)
def test_power_is_the_sum_over_all_that_can_happen(examples: int, flips: float, of_flips: float, alpha: float) -> None:
    change = flips * of_flips
    expected = 0.0
    for number in range(examples + 1):
        broken = np.arange(number + 1)
        found = mcnemar_p(broken, number - broken) < alpha  # NaN, of no flips, is not
        of_number = stats.binom.pmf(broken, number, (1 + of_flips) / 2)
        expected += stats.binom.pmf(number, examples, flips) * of_number[found].sum()
    assert mcnemar_power(examples, flips=flips, change=change, alpha=alpha) == pytest.approx(expected, abs=1e-9)


def test_power_is_how_often_simulated_pairs_are_found() -> None:
    rng, runs = np.random.default_rng(0), 20_000
    examples, broken, fixed = 400, 0.06, 0.02
    lost, won, _ = rng.multinomial(examples, [broken, fixed, 1 - broken - fixed], runs).T
    found = float(np.mean(mcnemar_p(lost, won) < 0.05))
    power = mcnemar_power(examples, flips=broken + fixed, change=broken - fixed, alpha=0.05)
    assert found == pytest.approx(power, abs=4 * (power * (1 - power) / runs) ** 0.5)


def test_power_of_many_examples_is_that_of_the_normal_approximation() -> None:
    examples, flips, change = 200_000, 0.1, 0.002
    noncentrality = change * examples**0.5 / (flips - change**2) ** 0.5
    expected = stats.norm.sf(stats.norm.isf(0.025) - noncentrality)
    assert mcnemar_power(examples, flips=flips, change=change, alpha=0.05) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("flips", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("change", [0.01, 0.1])
def test_the_examples_needed_suffice_and_few_less_do_not(flips: float, change: float) -> None:
    needed = examples_needed(flips=flips, change=change, power=0.8)
    assert needed is not None
    assert mcnemar_power(needed, flips=flips, change=change, alpha=0.05) >= 0.8
    assert mcnemar_power(int(0.9 * needed), flips=flips, change=change, alpha=0.05) < 0.8
    assert detectable_change(needed, flips=flips, power=0.8) <= change + 1e-5


@pytest.mark.parametrize(("examples", "flips"), [(30, 0.0), (300, 0.01), (300, 0.4)])
def test_the_detectable_change_is_the_least_that_is_found(examples: int, flips: float) -> None:
    least = detectable_change(examples, flips=flips, alpha=0.01, power=0.9)
    assert mcnemar_power(examples, flips=flips, change=least, alpha=0.01) >= 0.9
    assert mcnemar_power(examples, flips=flips, change=0.95 * least, alpha=0.01) < 0.9


def test_what_no_number_of_examples_shows() -> None:
    assert np.isnan(detectable_change(5, flips=0.5))  # five of five that break have p = 1/16
    assert detectable_change(6, flips=0.0) > 0.9
    assert mcnemar_power(50, flips=0, change=0, alpha=0.05) == 0
    assert examples_needed(flips=0.5, change=1e-4) is None
    assert mcnemar_power(MOST, flips=0.5, change=1e-4, alpha=0.05) < 0.8


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"change": 0.0}, r"a change must lie in \(0, 1\]"),
        ({"flips": 1.5}, r"a share of flips in \[0, 1\]"),
        ({"power": 0.05}, "alpha < power < 1"),
        ({"alpha": 0.0}, "alpha < power < 1"),
    ],
)
def test_what_cannot_be_planned(asked: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        examples_needed(**{"flips": 0.1, "change": 0.02} | asked)
