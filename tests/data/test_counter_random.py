"""The random numbers of examples: right distributions, independent of one another, reproducible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lesion.data.corruptions.counter_random import CounterRandom, splitmix64
from lesion.seeds import derive_seed

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


def test_splitmix64_leaves_its_argument_alone() -> None:
    states = np.arange(5, dtype=np.uint64)
    splitmix64(states)
    np.testing.assert_array_equal(states, np.arange(5))


def test_uniform_numbers_are_midpoints_of_cells_by_their_place() -> None:
    """Number i of example e is the hash of key(e) + i * golden, however many are drawn together."""
    mask, golden = 2**64 - 1, 0x9E3779B97F4A7C15

    def mixed(state: int) -> int:
        return int(splitmix64(np.array([state & mask], dtype=np.uint64))[0])

    numbers = CounterRandom(np.array([5, -9]), ("test",)).uniform("u", (3, 20_000))
    seed = derive_seed(0, "test", "u")
    for row, example_id in enumerate((5, -9)):
        key = mixed(mixed(seed + golden * (example_id & mask)))
        for place in (0, 1, 8_191, 8_192, 16_384, 59_999):
            assert numbers[row].flat[place] == ((mixed(key + golden * place) >> 12) + 0.5) / 2**52


def test_uniform_numbers_are_uniform() -> None:
    numbers = STREAM.uniform("u", (500,), -1, 3)
    assert numbers.shape == (400, 500)
    assert numbers.min() > -1
    assert numbers.max() < 3
    assert abs(numbers.mean() - 1) < 5 * (4 / np.sqrt(12)) / np.sqrt(numbers.size)
    assert stats.kstest(numbers.ravel(), stats.uniform(-1, 4).cdf).pvalue > 1e-3


def test_normal_numbers_are_normal() -> None:
    assert stats.kstest(STREAM.normal("n", (500,)).ravel(), stats.norm.cdf).pvalue > 1e-3


@pytest.mark.parametrize("largest", [3.0, 60.0, 500.0])
def test_poisson_counts_are_the_inverse_distribution_function(largest: float) -> None:
    rates = np.linspace(0, largest, 256)
    which = (np.arange(10_000) % 256).astype(np.uint8).reshape(400, 25)
    expected = stats.poisson.ppf(STREAM.uniform("p", (25,)), rates[which])
    # scipy puts the count of rate zero at -1 or nan, by version; it is 0.
    found, counts = STREAM.poisson("p", rates, which), np.where(rates[which] == 0, 0, expected)
    # A number that lies on the edge of two counts goes to either, as the last bit of the distribution function has it.
    assert np.abs(found - counts).max() <= 1
    assert (found != counts).mean() < 1e-3


@pytest.mark.parametrize("rate", [0.3, 4.0, 100.0])
def test_poisson_counts_have_mean_and_variance_of_the_rate(rate: float) -> None:
    counts = STREAM.poisson("p", np.array([rate]), np.zeros((400, 500), np.uint8))
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


@settings(max_examples=30)
@given(ids=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_numbers_belong_to_the_id(ids: list[int]) -> None:
    together = CounterRandom(np.array(ids), ("test",)).normal("n", (2, 3))
    for number, example_id in zip(together, ids, strict=True):
        np.testing.assert_array_equal(number, CounterRandom(np.array([example_id]), ("test",)).normal("n", (2, 3))[0])
