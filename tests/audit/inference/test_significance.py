import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.inference.significance import paired_t_test, t_test, welch_t_test

SEEDS = st.integers(0, 2**32 - 1)
Floats = npt.NDArray[np.float64]


def samples(seed: int, members: tuple[int, int], columns: int = 6) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    one, other = (rng.normal(rng.normal(size=columns), rng.uniform(0.1, 3, columns), (n, columns)) for n in members)
    return one, other


@settings(max_examples=60)
@given(seed=SEEDS, members=st.tuples(st.integers(2, 12), st.integers(2, 12)))
def test_welch_agrees_with_scipy(seed: int, members: tuple[int, int]) -> None:
    a, b = samples(seed, members)
    found, expected = welch_t_test(a, b), stats.ttest_ind(a, b, equal_var=False)
    np.testing.assert_allclose(found.t, expected.statistic, rtol=1e-9)
    np.testing.assert_allclose(found.degrees_of_freedom, expected.df, rtol=1e-9)
    np.testing.assert_allclose(found.p, expected.pvalue, rtol=1e-9)
    chosen = t_test(a, b, paired=False)
    np.testing.assert_array_equal(chosen.p, found.p)


@settings(max_examples=60)
@given(seed=SEEDS, members=st.integers(2, 12))
def test_paired_agrees_with_scipy(seed: int, members: int) -> None:
    a, b = samples(seed, (members, members))
    found, expected = paired_t_test(a, b), stats.ttest_rel(a, b)
    np.testing.assert_allclose(found.t, expected.statistic, rtol=1e-9)
    np.testing.assert_array_equal(found.degrees_of_freedom, np.broadcast_to(expected.df, found.t.shape))
    np.testing.assert_allclose(found.p, expected.pvalue, rtol=1e-9)
    chosen = t_test(a, b, paired=True)
    np.testing.assert_array_equal(chosen.p, found.p)


@given(seed=SEEDS, members=st.integers(2, 8))
def test_the_other_way_round_only_the_sign_changes(seed: int, members: int) -> None:
    a, b = samples(seed, (members, members))
    for paired in (False, True):
        there, back = t_test(a, b, paired=paired), t_test(b, a, paired=paired)
        np.testing.assert_allclose(there.t, -back.t, rtol=1e-12)
        np.testing.assert_allclose(there.p, back.p, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")  # scipy, of a sample without variance
def test_columns_that_are_constant_in_both_samples() -> None:
    a = np.array([[0.1, 0.7, 0.3, 0.5], [0.1, 0.7, 0.3, 0.6], [0.1, 0.7, 0.3, 0.7]])
    b = np.array([[0.1, 0.3, 0.7, 0.5], [0.1, 0.3, 0.7, 0.5]])
    found = welch_t_test(a, b)
    assert found.t[:3].tolist() == [0, np.inf, -np.inf]
    assert found.p[:3].tolist() == [1, 0, 0]
    assert np.isfinite(found.degrees_of_freedom).all()
    expected = stats.ttest_ind(a[:, 3], b[:, 3], equal_var=False)  # one sample constant is an ordinary test
    last = [found.t[3], found.p[3], found.degrees_of_freedom[3]]
    np.testing.assert_allclose(last, [expected.statistic, expected.pvalue, expected.df], rtol=1e-12)


def test_pairs_that_all_change_by_the_same() -> None:
    before = np.array([[0.25, 0.5, 0.125], [0.75, 0.25, 0.5], [0.5, 0.125, 0.75]])
    found = paired_t_test(before + np.array([0.0, 0.125, -0.125]), before)
    assert found.t.tolist() == [0, np.inf, -np.inf]
    assert found.p.tolist() == [1, 0, 0]
    assert found.degrees_of_freedom.tolist() == [2, 2, 2]


def test_a_class_that_changes_by_as_much_as_accuracy_is_not_significant_by_its_last_bit() -> None:
    rng, members, examples, columns = np.random.default_rng(6), 6, 48, 2000
    right = rng.integers(30, 45, (members, columns))
    other = right.copy()
    other[0] += 1
    other[3] -= 1  # the same mean accuracy, and each recall is 1
    a, b = (1 - (shares / examples).mean(axis=0) + np.zeros_like(right) for shares in (right, other))
    assert (a != b).any()
    for paired in (False, True):
        found = t_test(a, b, paired=paired)
        assert (found.t == 0).all()
        assert (found.p == 1).all()


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("members", [3, 30])
def test_under_the_null_alpha_of_the_tests_are_significant(paired: bool, members: int) -> None:
    rng, columns = np.random.default_rng(members), 20_000
    parent = rng.normal(size=(members, columns)) if paired else 0.0
    a, b = (parent + rng.normal(size=(members, columns)) for _ in range(2))
    found = t_test(a, b, paired=paired)
    low, high = stats.binom.interval(0.9999, columns, 0.05)
    hits = int((found.p < 0.05).sum())
    assert hits <= high
    assert hits >= low or (members == 3 and not paired)  # Welch's test of very few is conservative


def test_pairs_that_share_much_are_told_apart_by_the_paired_test_alone() -> None:
    rng = np.random.default_rng(4)
    parent = rng.normal(size=(10, 500))
    a, b = parent + 0.2 + 0.1 * rng.normal(size=parent.shape), parent
    assert (t_test(a, b, paired=True).p < 0.05).mean() > 0.99
    assert (t_test(a, b, paired=False).p < 0.05).mean() < 0.05
