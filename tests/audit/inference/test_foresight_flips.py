import numpy as np
import pytest
from scipy import stats

from lesion.audit.inference.foresight_flips import fitted_size, flip_chance, misplaced


def test_the_chance_is_that_of_a_normal_error_of_the_logits() -> None:
    rng = np.random.default_rng(0)
    margin = np.array([0.0, 0.5, 2.0])
    seen = (margin[:, None] + rng.normal(0, 0.8, (3, 20_000)) < 0).mean(axis=1)
    assert flip_chance(margin, 0.8) == pytest.approx(seen, abs=0.02)
    assert flip_chance(margin, 0.8) == pytest.approx(stats.norm.cdf(-margin / 0.8))


@pytest.mark.parametrize("size", [0.05, 0.7, 6.0])
def test_the_size_is_found_again(size: float) -> None:
    margin = np.random.default_rng(1).exponential(2.0, 5_000)
    assert fitted_size(margin, float(flip_chance(margin, size).sum())) == pytest.approx(size, rel=1e-4)


def test_no_size_explains_no_flip_or_more_than_half() -> None:
    margin = np.ones(10)
    assert np.isnan(fitted_size(margin, 0))
    assert np.isnan(fitted_size(margin, 6))


def test_flips_where_they_are_expected_are_misplaced_by_chance_alone() -> None:
    rng = np.random.default_rng(2)
    margin = rng.exponential(2.0, 4_000)
    chance = flip_chance(margin, 1.0)
    found = [misplaced(chance, (rng.random(4_000) < chance).astype(float)) for _ in range(200)]
    shares, by_chance = (np.mean([getattr(one, name) for one in found]) for name in ("share", "by_chance"))
    assert shares == pytest.approx(by_chance, rel=0.1)


def test_flips_of_sure_answers_are_misplaced() -> None:
    margin = np.linspace(0.01, 8, 1_000)
    chance = flip_chance(margin, 1.0)
    seen = chance[::-1].copy()
    found = misplaced(chance, seen)
    tenths = [part.sum() for part in np.split(chance, 10)]
    expected = np.abs(np.subtract(tenths, tenths[::-1])).sum() / 2 / chance.sum()
    assert found.share == pytest.approx(expected)
    assert found.share > 0.9
    assert np.isnan(misplaced(chance, np.zeros(1_000)).share)
