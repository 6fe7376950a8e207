import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.inference.proportions import share_interval


@given(size=st.integers(1, 400), data=st.data())
def test_of_whole_numbers_it_is_the_exact_interval(size: int, data: st.DataObject) -> None:
    seen = data.draw(st.integers(0, size))
    expected = stats.binomtest(seen, size).proportion_ci(0.95, "exact")
    assert share_interval(seen / size, size) == pytest.approx(expected, abs=1e-9)


@given(share=st.floats(0, 1), size=st.floats(0.5, 1e5))
def test_it_holds_the_share_and_has_a_width(share: float, size: float) -> None:
    low, high = share_interval(share, size)
    assert 0 <= low <= share <= high <= 1
    assert low < high
