import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.inference.proportions import design_effect, share_interval


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


def test_clusters_of_copies_count_once() -> None:
    rng = np.random.default_rng(0)
    flags = rng.random(500) < 0.3
    copies, cluster = np.repeat(flags, 8), np.repeat(np.arange(500), 8)
    order = rng.permutation(4000)
    assert design_effect(copies[order], cluster[order]) == pytest.approx(8, rel=0.02)
    assert design_effect(flags, None) == 1
    assert design_effect(flags, rng.permutation(500)) == pytest.approx(1)
    spread = rng.random(4000) < 0.3
    assert design_effect(spread, cluster) == pytest.approx(1, abs=0.25)


def test_where_nothing_is_flagged_clusters_count_as_examples() -> None:
    assert design_effect(np.zeros(60, dtype=np.bool_), np.arange(60) // 10) == pytest.approx(10)
