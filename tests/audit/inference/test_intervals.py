import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.inference.effects import chance_variance
from lesion.audit.inference.intervals import mean_interval


@given(
    values=st.lists(st.floats(0.45, 0.55), min_size=8, max_size=40, unique=True),
    level=st.floats(0.5, 0.99),
)
def test_it_is_the_interval_of_the_t_test(values: list[float], level: float) -> None:
    sample = np.array(values)
    expected = stats.t.interval(level, len(sample) - 1, loc=sample.mean(), scale=stats.sem(sample))
    assert mean_interval(sample, level=level) == pytest.approx(expected, rel=1e-9)


def test_it_holds_the_true_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    held = [low <= 0.7 <= high for low, high in (mean_interval(rng.normal(0.7, 0.02, 5)) for _ in range(4000))]
    assert np.mean(held) == pytest.approx(0.95, abs=0.011)  # three standard errors


def test_it_is_cut_off_at_nothing_and_at_all() -> None:
    low, high = mean_interval(np.array([0.0, 1.0]))
    assert (low, high) == (0, 1)
    low, high = mean_interval(np.array([0.98, 0.99, 1.0]))
    assert 0.9 < low < 0.99
    assert high == 1


def test_members_that_agree_by_luck_leave_the_doubt_of_chance() -> None:
    low, high = mean_interval(np.full(6, 0.75), least=0.0006)
    assert (low, high) == pytest.approx((0.75 - 1.96 * 0.01, 0.75 + 1.96 * 0.01), abs=1e-5)


def test_equally_good_members_have_their_mean_accuracy_in_it_however_few() -> None:
    rng = np.random.default_rng(12)
    easy = rng.random(40) ** 0.2  # a few hard examples
    for members in (2, 3, 10):
        held = []
        for _ in range(400):
            correct = rng.random((members, 40)) < easy
            low, high = mean_interval(correct.mean(axis=1), least=chance_variance(correct))
            held.append(low <= easy.mean() <= high and low < high)
        assert np.mean(held) > 0.95 - 4 * 0.011


def test_one_value_has_no_interval() -> None:
    assert np.isnan(mean_interval(np.array([0.9]))).all()
