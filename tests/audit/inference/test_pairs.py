import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from lesion.audit.inference import pairs
from lesion.audit.inference.pairs import paired_change, wilson


def test_wilson_is_that_of_statsmodels() -> None:
    count, of = np.array([0, 1, 7, 20, 248]), np.array([5, 50, 20, 20, 10_000])
    np.testing.assert_allclose(wilson(count, of), proportion_confint(count, of, method="wilson"), atol=1e-12)


def test_the_interval_is_that_of_bonett_and_price_with_more_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "ADDED", 1)
    broken, fixed, examples = 12, 3, 80
    lost, won = (broken + 1) / 82, (fixed + 1) / 82
    error = ((lost + won - (won - lost) ** 2) / 82) ** 0.5
    expected = [won - lost + side * stats.norm.ppf(0.975) * error for side in (-1, 1)]
    found = paired_change(np.array([broken]), np.array([fixed]), np.array([examples]))
    np.testing.assert_allclose(np.ravel(found), expected)


def test_it_has_a_length_and_stays_within_one() -> None:
    of = np.array([1, 2, 5, 5, 10_000])
    broken, fixed = np.array([0, 0, 5, 0, 0]), np.array([0, 2, 0, 5, 0])
    low, high = paired_change(broken, fixed, of)
    change = (fixed - broken) / of
    assert (low < high).all()
    assert (low >= -1).all()
    assert (high <= 1).all()
    assert ((low <= change) & (change <= high))[[0, 4]].all()
    np.testing.assert_allclose(np.stack(paired_change(fixed, broken, of)), -np.stack((high, low)))


@pytest.mark.parametrize("examples", [5, 20, 50, 200])
@pytest.mark.parametrize(("broken", "fixed"), [(0.0002, 0.0), (0.002, 0.001), (0.01, 0.002), (0.05, 0.05), (0.2, 0.0)])
def test_it_holds_the_truth_in_93_of_100(examples: int, broken: float, fixed: float) -> None:
    """All outcomes are summed: nothing is drawn."""
    lost, won = (grid.ravel() for grid in np.meshgrid(*[np.arange(examples + 1)] * 2))
    lost, won = lost[lost + won <= examples], won[lost + won <= examples]
    counts = np.stack([lost, won, examples - lost - won], axis=1)
    probability = stats.multinomial.pmf(counts, examples, [broken, fixed, 1 - broken - fixed])
    low, high = paired_change(lost, won, np.full(len(lost), examples))
    assert probability.sum() == pytest.approx(1)
    assert probability[(low <= fixed - broken) & (fixed - broken <= high)].sum() >= 0.93


@pytest.mark.parametrize("tail", [0.005, 0.0005])
@pytest.mark.parametrize(("broken", "fixed"), [(0.002, 0.001), (0.01, 0.002), (0.05, 0.05), (0.2, 0.1)])
def test_far_ends_miss_about_as_seldom_as_they_say(tail: float, broken: float, fixed: float) -> None:
    lost, won = (grid.ravel() for grid in np.meshgrid(*[np.arange(201)] * 2))
    lost, won = lost[lost + won <= 200], won[lost + won <= 200]
    counts = np.stack([lost, won, 200 - lost - won], axis=1)
    probability = stats.multinomial.pmf(counts, 200, [broken, fixed, 1 - broken - fixed])
    low, high = paired_change(lost, won, np.full(len(lost), 200), tail=tail)
    assert probability[(fixed - broken < low) | (high < fixed - broken)].sum() <= 2 * 2 * tail
