import numpy as np
import pytest
from scipy import stats

from lesion.audit.inference.effective_size import sample


def test_examples_that_change_wholly_are_worth_one_each() -> None:
    loss = np.array([1.0, 0, -1, 0, 0, 1])
    found = sample(loss, np.array([0, 0, 0, 1, 1, 1]), 2, None)
    np.testing.assert_allclose(found.lost, [1 / 3, 1 / 3])
    np.testing.assert_allclose(found.won, [1 / 3, 0])
    np.testing.assert_allclose(found.effect.effect, 1)
    np.testing.assert_allclose(found.size(found.examples, 1e-6), 3)


def test_changes_of_a_tenth_are_worth_ten_each() -> None:
    loss = np.zeros(100_000)
    loss[:5_000] = 0.1
    found = sample(loss, np.zeros(100_000, dtype=np.int64), 1, None)
    variance = found.lost * (1 - found.lost) / found.size(found.examples, 0.05)
    assert variance[0] == pytest.approx(loss.var() / len(loss), rel=0.02)


@pytest.mark.parametrize("changed", [3, 200])
def test_ten_copies_are_worth_one(changed: int) -> None:
    loss = np.zeros(1_000)
    loss[:changed] = 1.0
    cluster = np.repeat(np.arange(1_000), 10)
    found = sample(np.repeat(loss, 10), np.zeros(10_000, dtype=np.int64), 1, cluster)
    assert found.effect.effect[0] == pytest.approx(10, rel=0.01)


def test_clusters_that_are_estimated_count_by_a_quantile_of_student() -> None:
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(100), 10)
    loss = (rng.random(1_000) < 0.05).astype(np.float64)
    found = sample(loss, np.zeros(1_000, dtype=np.int64), 1, cluster)
    clusters = len(np.unique(cluster[loss > 0]))
    ratio = (stats.norm.ppf(0.01) / stats.t.ppf(0.01, clusters - 1)) ** 2
    np.testing.assert_allclose(found.size(found.examples, 0.01), 1_000 / found.effect.effect * ratio)
    assert 1 <= found.effect.effect[0] < 10


def test_strata_share_no_clusters() -> None:
    """A class is as if the others were not there."""
    rng = np.random.default_rng(1)
    stratum, cluster = rng.integers(0, 3, 600), rng.integers(0, 40, 600)
    loss = rng.choice([-1.0, 0, 1], 600, p=[0.1, 0.7, 0.2])
    found = sample(loss, stratum, 3, cluster)
    for place in range(3):
        inside = stratum == place
        own = np.unique(cluster[inside], return_inverse=True)[1]
        alone = sample(loss[inside], np.zeros(inside.sum(), dtype=np.int64), 1, own)
        assert found.effect.effect[place] == pytest.approx(alone.effect.effect[0])
        assert found.effect.freedom[place] == pytest.approx(alone.effect.freedom[0])
        np.testing.assert_array_equal(found.of(np.array([place])).lost, alone.lost)
