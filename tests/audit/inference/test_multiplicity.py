import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import fdrcorrection

from lesion.audit.inference.multiplicity import known_q_values, q_values

P = st.floats(0, 1, allow_subnormal=False)


@given(p=st.lists(st.one_of(P, st.sampled_from([0.0, 0.01, 0.05, 0.5, 1.0])), min_size=1, max_size=60))
def test_they_are_those_of_statsmodels(p: list[float]) -> None:
    values = np.array(p)
    np.testing.assert_allclose(q_values(values), fdrcorrection(values)[1], rtol=1e-12)


def test_they_are_those_of_the_definition() -> None:
    p = np.round(np.random.default_rng(1).random(40) ** 2, 2)  # with ties
    for one, q in zip(p, q_values(p), strict=True):
        bounds = [level * len(p) / (p <= level).sum() for level in p if level >= one]
        assert q == pytest.approx(min(1, *bounds))


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 6), tests=st.integers(1, 200))
def test_tables_are_corrected_row_by_row(seed: int, rows: int, tests: int) -> None:
    p = np.random.default_rng(seed).random((2, rows, tests)).round(1)
    expected = np.apply_along_axis(lambda row: fdrcorrection(row)[1], -1, p)
    found = q_values(p)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (found >= p).all()


def test_fifty_thousand_discrete_values() -> None:
    p = stats.binom.sf(np.random.default_rng(2).binomial(20, 0.5, 50_000) - 1, 20, 0.5)
    np.testing.assert_allclose(q_values(p), fdrcorrection(p)[1], rtol=1e-12)


@pytest.mark.parametrize("level", [0.05, 0.2])
def test_the_false_discovery_rate_is_held_in_a_mixture(level: float) -> None:
    rng, rounds, tests, real = np.random.default_rng(5), 2000, 100, 20
    z = rng.standard_normal((rounds, tests))
    z[:, :real] += 3
    found = q_values(2 * stats.norm.sf(np.abs(z))) < level
    false = found[:, real:].sum(axis=1)
    share = false / np.maximum(found.sum(axis=1), 1)
    expected = level * (tests - real) / tests  # Benjamini & Hochberg 1995: exactly this, of independent tests
    assert share.mean() == pytest.approx(expected, abs=4 * share.std() / np.sqrt(rounds))
    assert found[:, :real].mean() > 0.5


def test_without_any_effect_a_family_has_a_discovery_as_often_as_the_level_says() -> None:
    rounds = 4000
    any_found = int((q_values(np.random.default_rng(8).random((rounds, 50))) < 0.05).any(axis=1).sum())
    low, high = stats.binom.interval(0.999, rounds, 0.05)
    assert low <= any_found <= high


def test_tests_without_a_p_are_not_counted() -> None:
    q = known_q_values(np.array([0.04, np.nan, 0.01, np.nan]))
    np.testing.assert_allclose(q, [0.04, np.nan, 0.02, np.nan])
    assert np.isnan(known_q_values(np.full(3, np.nan))).all()
