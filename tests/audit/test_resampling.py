import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.resampling import band, draw_members, resample, resampled_counts

from .resampled import RESAMPLES, counted_draw_by_draw, made, settings


@pytest.mark.parametrize("normalise", ["population", "member"])
@pytest.mark.parametrize(("members", "others", "classes"), [(6, 6, 4), (9, 5, 4), (2, 3, 7), (10, 10, 30)])
def test_counts_are_those_of_the_audit_of_each_drawn_population(
    normalise: str, members: int, others: int, classes: int
) -> None:
    dense = made(members=members, classes=classes)
    compressed = made(members=others, seed=1, skill=0.3, classes=classes)
    rng, using = np.random.default_rng(5), settings(normalise)
    drawn = tuple(draw_members(rng, members=count, resamples=RESAMPLES) for count in (members, others))
    parts = [
        resample(whole, rows, classes=classes, settings=using)
        for whole, rows in zip((dense, compressed), drawn, strict=True)
    ]
    found = resampled_counts(*parts, alpha=using.alpha)
    expected = list(counted_draw_by_draw(dense, compressed, (drawn[0], drawn[1]), using, classes))
    assert list(found.itertuples(index=False, name=None)) == expected
    assert found.nunique().min() > 1


def test_members_are_drawn_with_replacement_and_alike() -> None:
    drawn = draw_members(np.random.default_rng(0), members=10, resamples=4000)
    assert drawn.shape == (4000, 10)
    assert any(len(set(row)) < 10 for row in drawn.tolist())
    assert stats.chisquare(np.bincount(drawn.ravel(), minlength=10)).pvalue > 0.001


@given(st.integers(0, 50), st.lists(st.integers(0, 50), min_size=2), st.integers(50, 60))
def test_a_band_holds_its_count_and_ends_where_counts_end(count: int, resampled: list[int], most: int) -> None:
    low, high = band(count, pd.Series(resampled), most)
    half = 1.96 * np.std(resampled, ddof=1)
    assert low == pytest.approx(max(0, count - half))
    assert high == pytest.approx(min(most, count + half))
