import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from lesion.audit.inference.one_sided import net_lower, net_upper, share_lower, share_upper

Floats = npt.NDArray[np.float64]


def outcomes(examples: int) -> tuple[Floats, Floats]:
    """All counts of lost and won."""
    lost, won = (grid.ravel().astype(np.float64) for grid in np.meshgrid(*[np.arange(examples + 1)] * 2))
    inside = lost + won <= examples
    return lost[inside], won[inside]


def wrong(examples: int, lost: float, won: float, level: float) -> tuple[float, float]:
    """The chances that the upper bound is too low, and the lower one too high: all outcomes are summed."""
    lost_count, won_count = outcomes(examples)
    counts = np.stack([lost_count, won_count, examples - lost_count - won_count], axis=1)
    chance = stats.multinomial.pmf(counts, examples, [lost, won, 1 - lost - won])
    assert chance.sum() == pytest.approx(1)
    seen, size = (lost_count / examples, won_count / examples), np.full(len(counts), float(examples))
    too_low = net_upper(*seen, size, level) < lost - won - 1e-12
    too_high = net_lower(*seen, size, level) > lost - won + 1e-12
    return float(chance[too_low].sum()), float(chance[too_high].sum())


def test_bounds_of_a_share_are_those_of_statsmodels() -> None:
    count, of = np.array([0.0, 1, 7, 20, 248]), np.array([5.0, 50, 20, 20, 10_000])
    low, high = proportion_confint(count, of, alpha=0.002, method="beta")
    np.testing.assert_allclose(share_lower(count / of, of, 0.001), low, atol=1e-9)
    np.testing.assert_allclose(share_upper(count / of, of, 0.001), high, atol=1e-9)


def test_without_any_change_the_bound_of_the_net_is_that_of_the_rule_of_three() -> None:
    size, none = np.array([1.0, 30, 10_000]), np.zeros(3)
    np.testing.assert_allclose(net_upper(none, none, size, 0.05), 1 - 0.05 ** (1 / size))
    np.testing.assert_allclose(net_lower(none, none, size, 0.05), 0.05 ** (1 / size) - 1)


def test_of_many_changes_it_is_that_of_the_normal_distribution() -> None:
    lost, won, size = np.array([0.10]), np.array([0.08]), np.array([1e6])
    error = ((lost + won - (lost - won) ** 2) / size) ** 0.5
    np.testing.assert_allclose(net_upper(lost, won, size, 0.01), lost - won + stats.norm.ppf(0.99) * error, atol=1e-5)


@pytest.mark.parametrize("examples", [1, 5, 20, 50])
@pytest.mark.parametrize("level", [0.05, 0.0025])
def test_the_net_is_above_its_bound_in_no_more_than_the_level(examples: int, level: float) -> None:
    for lost in (0.001, 0.01, 0.05, 0.2, 0.35):
        for won in (0.0, 0.001, 0.01, 0.05, 0.2, 0.35):
            assert max(wrong(examples, lost, won, level)) <= level + 1e-9


def test_a_loss_is_below_a_bound_of_the_far_tail_in_no_more_than_the_level() -> None:
    for lost, won in ((0.001, 0.0), (0.01, 0.01), (0.05, 0.02), (0.2, 0.0), (0.35, 0.2)):
        assert wrong(50, lost, won, 5e-5)[1] <= 5e-5


def test_bounds_are_as_tight_as_the_lattice_allows() -> None:
    """Where many outcomes are likely, the bound is wrong nearly as often as it may be."""
    assert wrong(50, 0.2, 0.1, 0.05)[0] > 0.03
    assert wrong(50, 0.2, 0.1, 0.05)[1] > 0.02


def test_bounds_lie_about_the_estimate_and_within_one() -> None:
    for examples in (1, 2, 7):
        lost, won = (count / examples for count in outcomes(examples))
        size = np.full(len(lost), float(examples))
        for level in (0.05, 1e-6):
            low, high = net_lower(lost, won, size, level), net_upper(lost, won, size, level)
            assert (low >= -1).all()
            assert (high <= 1).all()
            assert (low <= lost - won + 1e-12).all()
            assert (lost - won <= high + 1e-12).all()
