"""The random numbers of examples: right distributions, independent of one another, reproducible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lesion.data.corruptions.counter_random import CounterRandom, splitmix64

IDS = np.arange(400)
STREAM = CounterRandom(IDS, ("test",))


def test_splitmix64_gives_the_reference_sequence() -> None:
    # Seed 1234567, the first outputs of the public-domain splitmix64.c; its state advances by the golden gamma.
    state, mask = 1234567, 2**64 - 1
    seen = []
    for _ in range(3):
        seen.append(int(splitmix64(np.array([state], dtype=np.uint64))[0]))
        state = (state + 0x9E3779B97F4A7C15) & mask
    assert seen == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_uniform_numbers_are_uniform() -> None:
    numbers = STREAM.uniform("u", (500,), -1, 3)
    assert numbers.shape == (400, 500)
    assert numbers.min() > -1
    assert numbers.max() < 3
    assert abs(numbers.mean() - 1) < 5 * (4 / np.sqrt(12)) / np.sqrt(numbers.size)
    assert stats.kstest(numbers.ravel(), stats.uniform(-1, 4).cdf).pvalue > 1e-3


def test_normal_numbers_are_normal() -> None:
    assert stats.kstest(STREAM.normal("n", (500,)).ravel(), stats.norm.cdf).pvalue > 1e-3


def test_poisson_counts_are_the_inverse_distribution_function() -> None:
    rates = np.linspace(0, 500, 1200).reshape(400, 3)
    expected = stats.poisson.ppf(STREAM.uniform("p", (3,)), rates)
    # scipy puts the count of rate zero at -1 or nan, by version; it is 0.
    np.testing.assert_array_equal(STREAM.poisson("p", rates), np.where(rates == 0, 0, expected))


@pytest.mark.parametrize("rate", [0.3, 4.0, 100.0])
def test_poisson_counts_have_mean_and_variance_of_the_rate(rate: float) -> None:
    counts = STREAM.poisson("p", np.full((400, 500), rate))
    assert counts.mean() == pytest.approx(rate, rel=0.02)
    assert counts.var() == pytest.approx(rate, rel=0.03)


def test_examples_positions_uses_and_names_are_uncorrelated() -> None:
    numbers = STREAM.uniform("u", (400,))
    others = [
        numbers.T,
        np.roll(numbers, 1, axis=0),
        np.roll(numbers, 1, axis=1),
        STREAM.uniform("v", (400,)),
        CounterRandom(IDS, ("other",)).uniform("u", (400,)),
    ]
    for other in others:
        correlation = np.corrcoef(numbers.ravel(), other.ravel())[0, 1]
        assert abs(correlation) < 5 / np.sqrt(numbers.size)


def test_no_number_comes_twice() -> None:
    draws = [CounterRandom(IDS, ("test", severity)).uniform("u", (400,)) for severity in (1, 2)]
    assert len(np.unique(draws)) == 2 * 400 * 400


@settings(max_examples=30, deadline=None)
@given(ids=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_numbers_belong_to_the_id(ids: list[int]) -> None:
    together = CounterRandom(np.array(ids), ("test",)).normal("n", (2, 3))
    for number, example_id in zip(together, ids, strict=True):
        np.testing.assert_array_equal(number, CounterRandom(np.array([example_id]), ("test",)).normal("n", (2, 3))[0])
