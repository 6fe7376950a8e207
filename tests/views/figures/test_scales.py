import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesion.views.figures import scales


@given(st.lists(st.floats(0, 99.9), min_size=2))
def test_shares_come_back_and_keep_their_order(percent: list[float]) -> None:
    steps = scales.share_to_scale(np.array(sorted(percent)))
    assert (np.diff(steps) >= 0).all()
    np.testing.assert_allclose(scales.share_from_scale(steps), sorted(percent), atol=1e-9)


@given(st.lists(st.floats(0, 1e6), min_size=2))
def test_counts_come_back_and_keep_their_order(count: list[float]) -> None:
    places = scales.count_to_scale(np.array(sorted(count)))
    assert (np.diff(places) >= 0).all()
    np.testing.assert_allclose(scales.count_from_scale(places), sorted(count), rtol=1e-9, atol=1e-9)


def test_each_halving_of_what_is_left_is_one_step() -> None:
    np.testing.assert_allclose(scales.share_to_scale(np.array([0, 50, 75, 87.5])), [0, 1, 2, 3])
    assert np.isfinite(scales.share_to_scale(np.array([100.0]))).all()


@pytest.mark.parametrize(("low", "high"), [(50.0, 95.0), (0.0, 99.0), (0.0, 0.0)])
def test_limits_hold_what_they_are_for(low: float, high: float) -> None:
    first, last = scales.share_limits(low, high, below=0.25, above=0.25)
    assert 0 <= first <= low <= high < last < 100


@pytest.mark.parametrize("limits", [(0.0, 99.9), (93.8, 97.5), (40.0, 60.0), (90.0, 90.0001)])
def test_ticks_are_within_the_limits_and_apart(limits: tuple[float, float]) -> None:
    found = scales.ticks(limits, scales.share_to_scale, scales.SHARE_TICKS)
    assert found
    assert found == sorted(set(found))
    assert all(limits[0] <= tick <= limits[1] for tick in found)
    low, *places, high = scales.share_to_scale(np.array([limits[0], *found, limits[1]])).tolist()
    assert all(after - before >= 0.089 * (high - low) for before, after in itertools.pairwise(places))
