import numpy as np
import numpy.typing as npt
import pytest

from lesion.audit.inference.clusters import FEW, HALF, DesignEffect, design_effect

Integers = npt.NDArray[np.integer]


def effects(value: Integers, stratum: Integers, cluster: Integers) -> DesignEffect:
    changed = np.flatnonzero(value)
    rows = np.arange(stratum.max() + 1)
    return design_effect(value[changed], stratum[changed], changed, of=rows, stratum=stratum, cluster=cluster)


def test_it_lies_between_the_variance_over_clusters_and_copies() -> None:
    """Of as many clusters as were seen, and of FEW whose examples are copies, it is the mean."""
    rng = np.random.default_rng(0)
    stratum, cluster = rng.integers(0, 2, 4_000), rng.integers(0, 60, 4_000)
    value = (rng.random(60) < 0.5).astype(np.int64)[cluster] * rng.integers(0, 2, 4_000)
    found = effects(value, stratum, cluster)
    for which in (0, 1):
        own = stratum == which
        centred = np.where(own, value - value[own].mean(), 0)
        together = sum(centred[cluster == k].sum() ** 2 for k in range(60))
        sizes = np.bincount(cluster[own], minlength=60).astype(float)
        seen = (together + HALF) / ((centred**2).sum() + HALF)
        copies = (sizes**2).sum() / sizes.sum()
        large = len(np.unique(cluster[own & (value != 0)])) * (sizes**2).sum() ** 2 / ((sizes**4).sum() * 60)
        assert found.effect[which] == pytest.approx((large * seen + FEW * copies) / (large + FEW))
        assert found.freedom[which] == pytest.approx(large - 1)


def test_copies_are_worth_one() -> None:
    value, cluster = np.repeat(np.random.default_rng(1).integers(-1, 2, 100), 7), np.repeat(np.arange(100), 7)
    np.testing.assert_allclose(effects(value, np.zeros(700, int), cluster).effect, 7, rtol=0.01)


def test_examples_that_have_nothing_in_common_are_worth_nearly_what_they_are() -> None:
    rng = np.random.default_rng(2)
    value, cluster = rng.integers(0, 2, 8_000), np.repeat(np.arange(1_000), 8)
    np.testing.assert_allclose(effects(value, np.zeros(8_000, int), cluster).effect, 1, atol=0.3)


def test_few_clusters_with_a_change_are_taken_as_copies() -> None:
    value, cluster = np.zeros(100, int), np.repeat(np.arange(20), 5)
    value[[0, 7, 33]] = 1
    for given in (value, np.zeros(100, int)):
        found = effects(given, np.zeros(100, int), cluster)
        np.testing.assert_allclose(found.effect, 5)
        assert found.freedom.tolist() == [np.inf]


def test_it_is_one_at_least() -> None:
    """Within each cluster one changes and one does not: clusters tell more than examples do."""
    found = effects(np.tile([1, 0], 500), np.zeros(1_000, int), np.repeat(np.arange(500), 2))
    np.testing.assert_allclose(found.effect, 1)


def test_a_row_may_be_about_a_part_of_what_changes_in_its_stratum() -> None:
    """As of pairs of labels: each row counts its own values, and all have the examples of the stratum."""
    rng = np.random.default_rng(3)
    stratum, cluster = np.zeros(600, int), rng.integers(0, 50, 600)
    example = np.sort(rng.choice(600, 240, replace=False))
    row, ones = rng.integers(0, 2, 240), np.ones(240, int)
    both = design_effect(ones, row, example, of=np.zeros(2, int), stratum=stratum, cluster=cluster)
    for which in (0, 1):
        value = np.zeros(600, int)
        value[example[row == which]] = 1
        alone = effects(value, stratum, cluster)
        assert both.effect[which] == pytest.approx(alone.effect[0])
        assert both.freedom[which] == pytest.approx(alone.freedom[0])


def test_fewer_degrees_of_freedom_are_worth_less() -> None:
    worth = DesignEffect(np.array([2.0, 2.0]), np.array([np.inf, 9.0])).worth(np.array([100.0, 100.0]), 0.025)
    assert worth[0] == pytest.approx(50)
    assert worth[1] == pytest.approx(50 * (1.959964 / 2.262157) ** 2)
