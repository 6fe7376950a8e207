import numpy as np
import numpy.typing as npt
import pytest

from lesion.audit.inference.clusters import design_effect

Integers = npt.NDArray[np.integer]


def effects(value: Integers, stratum: Integers, cluster: Integers) -> npt.NDArray[np.float64]:
    changed = np.flatnonzero(value)
    rows = np.arange(stratum.max() + 1)
    return design_effect(value[changed], stratum[changed], changed, of=rows, stratum=stratum, cluster=cluster)


def test_it_is_the_variance_over_clusters_beside_that_of_examples() -> None:
    rng = np.random.default_rng(0)
    stratum, cluster = rng.integers(0, 2, 400), rng.integers(0, 60, 400)
    value = (rng.random(60) < 0.5).astype(np.int64)[cluster] * rng.integers(0, 2, 400)
    for which, effect in enumerate(effects(value, stratum, cluster)):
        own = stratum == which
        centred = np.where(own, value - value[own].mean(), 0)
        together = sum(centred[cluster == k].sum() ** 2 for k in range(60))
        assert effect == pytest.approx(together / (centred**2).sum())


def test_copies_are_worth_one() -> None:
    value, cluster = np.repeat(np.random.default_rng(1).integers(-1, 2, 100), 7), np.repeat(np.arange(100), 7)
    np.testing.assert_allclose(effects(value, np.zeros(700, int), cluster), 7)


def test_few_clusters_with_a_change_are_taken_as_copies() -> None:
    value, cluster = np.zeros(100, int), np.repeat(np.arange(20), 5)
    value[[0, 7, 33]] = 1
    np.testing.assert_allclose(effects(value, np.zeros(100, int), cluster), 5)
    np.testing.assert_allclose(effects(np.zeros(100, int), np.zeros(100, int), cluster), 5)


def test_it_is_one_at_least() -> None:
    """Within each cluster one changes and one does not: clusters tell more than examples do."""
    assert effects(np.tile([1, 0], 50), np.zeros(100, int), np.repeat(np.arange(50), 2)).tolist() == [1]
