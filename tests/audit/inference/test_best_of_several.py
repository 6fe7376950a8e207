import numpy as np
import pytest
from scipy import stats

from lesion.audit.inference.best_of_several import covariance, optimism


def test_of_two_it_is_what_the_normal_distribution_says() -> None:
    """E[max] of two normals: s φ(d / s), d apart, s the standard error of their difference."""
    rng = np.random.default_rng(1)
    values = (rng.random((800, 2)) < (0.8, 0.81)).astype(float)
    apart = values[:, 0] - values[:, 1]
    error = apart.std(ddof=1) / np.sqrt(800)
    expected = error * stats.norm.pdf(apart.mean() / error)
    assert optimism(values, rng) == pytest.approx(expected, rel=0.1)


def test_the_covariance_is_that_of_means_of_examples_and_of_clusters() -> None:
    rng = np.random.default_rng(2)
    values = rng.random((60, 3))
    np.testing.assert_allclose(covariance(values), np.cov(values.T) / 60)
    copies, cluster = np.repeat(values, 5, axis=0), np.repeat(rng.permutation(60), 5)
    np.testing.assert_allclose(covariance(copies, cluster), covariance(values))
    order = rng.permutation(300)
    np.testing.assert_allclose(covariance(copies[order], cluster[order]), covariance(values))


def test_no_choice_is_no_luck() -> None:
    rng = np.random.default_rng(3)
    values = rng.random((50, 4))
    assert optimism(values[:, :1], rng) == 0
    same = np.repeat(values[:, :1], 3, axis=1)
    assert optimism(same, rng) == pytest.approx(0, abs=1e-6)
    ahead = values * 0.01 + (1, 0, 0, 0)
    assert optimism(ahead, rng) == pytest.approx(0, abs=1e-6)
    assert optimism(np.zeros((50, 4)), rng) == 0


def test_copies_in_clusters_are_worth_one_each() -> None:
    values = np.random.default_rng(4).random((200, 3))
    copies = np.repeat(values, 10, axis=0), np.random.default_rng(0), np.repeat(np.arange(200), 10)
    assert optimism(*copies) == pytest.approx(optimism(values, np.random.default_rng(0)))
    assert optimism(*copies[:2]) < optimism(*copies)


@pytest.mark.parametrize(("candidates", "shared"), [(2, 0.0), (5, 0.8), (10, 0.0)])
def test_equal_candidates_are_flattered_less_once_corrected(candidates: int, shared: float) -> None:
    """300 studies of 400 examples; the mean of the best lies above the truth, which is the same for all."""
    rng, plain, corrected = np.random.default_rng(5), [], []
    for _ in range(300):
        common, own = rng.random((400, 1)), rng.random((400, candidates))
        values = (np.where(rng.random(own.shape) < shared, common, own) < 0.8).astype(float)
        plain.append(values.mean(axis=0).max() - 0.8)
        corrected.append(plain[-1] - optimism(values, rng))
    error = 4 * np.std(plain) / np.sqrt(300)
    assert np.mean(plain) > error
    assert abs(np.mean(corrected)) < 0.6 * np.mean(plain) + error
