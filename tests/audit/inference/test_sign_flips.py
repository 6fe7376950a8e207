from itertools import product

import numpy as np
import pytest
from scipy import special
from statsmodels.stats.contingency_tables import mcnemar

from lesion.audit.inference import sign_flips
from lesion.audit.inference.sign_flips import balance_p, flipped_sum_p, mcnemar_p


def test_mcnemar_is_that_of_statsmodels() -> None:
    counts = np.array([(0, 1), (3, 3), (2, 9), (46, 33), (248, 24), (700, 650)])
    expected = [mcnemar([[5, one], [other, 5]], exact=True).pvalue for one, other in counts]
    np.testing.assert_allclose(mcnemar_p(*counts.T), expected, rtol=1e-9)


def test_where_nothing_changes_there_is_no_p() -> None:
    assert np.isnan(mcnemar_p(np.zeros(1, int), np.zeros(1, int))).all()
    p = balance_p(np.array([1, -1]), np.array([1, 1]), 3, np.array([7, 7]))
    assert np.isnan(p).tolist() == [True, False, True]
    assert p[1] == 1


def test_the_flipped_sum_is_that_of_all_signs() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = rng.integers(-4, 5, rng.integers(1, 11))
        sums = np.array([np.dot(signs, values) for signs in product((-1, 1), repeat=len(values))])
        assert flipped_sum_p(values) == pytest.approx(np.mean(np.abs(sums) >= abs(values.sum())), rel=1e-9)


def test_changes_that_stand_alone_are_mcnemar() -> None:
    rng = np.random.default_rng(1)
    sign, row = rng.choice([-1, 1], 200, p=[0.7, 0.3]), rng.integers(0, 5, 200)
    counts = [np.bincount(row[sign == way], minlength=6) for way in (1, -1)]
    for cluster in (None, np.arange(200)):
        np.testing.assert_allclose(balance_p(sign, row, 6, cluster), mcnemar_p(*counts))
    np.testing.assert_allclose(flipped_sum_p(sign[row == 0]), mcnemar_p(*counts)[0])


def test_each_row_has_the_sums_of_its_own_clusters() -> None:
    rng = np.random.default_rng(2)
    sign, row, cluster = rng.choice([-1, 1], 80), rng.integers(0, 3, 80), rng.integers(0, 20, 80)
    for which, p in enumerate(balance_p(sign, row, 3, cluster)):
        sums = [sign[(row == which) & (cluster == k)].sum() for k in range(20)]
        assert p == pytest.approx(flipped_sum_p(np.array(sums)))


def test_many_are_close_to_the_normal_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(3).integers(-9, 10, 3000)
    exact = flipped_sum_p(values)
    monkeypatch.setattr(sign_flips, "LARGEST", 0)
    assert flipped_sum_p(values) == pytest.approx(exact, abs=0.01)
    deviations = abs(values.sum()) / np.sqrt((values**2).sum())
    assert flipped_sum_p(values) == pytest.approx(2 * special.ndtr(-deviations))


def test_copies_of_changes_tell_no_more_than_the_changes() -> None:
    sign = np.repeat([1, 1, 1, -1, 1, 1], 10)
    alone, together = (balance_p(sign, np.zeros(60, int), 1, of) for of in (None, np.repeat(np.arange(6), 10)))
    assert together[0] == pytest.approx(mcnemar_p(np.array([5]), np.array([1]))[0])
    assert alone[0] < 1e-6 < together[0]
