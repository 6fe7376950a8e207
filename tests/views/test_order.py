from functools import cmp_to_key
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesion.views.order import strongest_first

SCORES = st.sampled_from([0.0, 0.25, 0.5, 0.9])
CONFIDENCES = st.sampled_from([0.3, 0.5, 0.99])
CLASSES = st.sampled_from("abc")


def rows(known: list[tuple[Any, ...]], *columns: str) -> pd.DataFrame:
    """Rows of PIE with these columns; the rest is one example after the other, of which nothing is known."""
    frame = pd.DataFrame(known, columns=list(columns))
    unknown = {"label": None, "dense_label": "a", "compressed_label": "b", "dense_confidence": np.nan}
    return frame.assign(**{name: value for name, value in unknown.items() if name not in columns})


def stronger(one: dict[str, Any], other: dict[str, Any]) -> int:
    for name in ("pie_score", "beyond_chance"):
        if one[name] != other[name]:
            return -1 if one[name] > other[name] else 1
    return -1 if one["example_id"] < other["example_id"] else 1


@given(st.lists(st.tuples(st.integers(0, 10**6), SCORES, SCORES, CONFIDENCES), unique_by=lambda row: row[0]))
def test_high_scores_come_first_then_large_distances_then_small_ids(known: list[tuple[Any, ...]]) -> None:
    frame = rows(known, "example_id", "pie_score", "beyond_chance", "dense_confidence")
    found = strongest_first(frame)["example_id"].tolist()
    expected = sorted(frame.to_dict("records"), key=cmp_to_key(stronger))
    assert found == [row["example_id"] for row in expected]


@given(st.lists(st.tuples(st.integers(0, 99), CLASSES, CLASSES, CLASSES, CONFIDENCES), unique_by=lambda row: row[0]))
def test_of_a_single_pair_confident_answers_that_broke_come_first(known: list[tuple[Any, ...]]) -> None:
    changed = [row for row in known if row[2] != row[3]]
    columns = ("example_id", "label", "dense_label", "compressed_label", "dense_confidence")
    frame = rows(changed, *columns).assign(pie_score=np.nan, beyond_chance=np.nan)
    broken = [row for row in changed if row[1] == row[2]]
    fixed = [row for row in changed if row[1] == row[3]]
    moved = [row for row in changed if row not in broken and row not in fixed]
    expected = [row[0] for kind in (broken, moved, fixed) for row in sorted(kind, key=lambda row: (-row[4], row[0]))]
    assert strongest_first(frame)["example_id"].tolist() == expected


def test_what_is_not_known_does_not_order() -> None:
    frame = rows([(3, 0.5), (1, np.nan), (2, 0.9), (0, np.nan)], "example_id", "dense_confidence")
    frame = frame.assign(pie_score=np.nan, beyond_chance=np.nan, label=pd.array([pd.NA] * 4, dtype="Int64"))
    assert strongest_first(frame)["example_id"].tolist() == [2, 3, 0, 1]


@pytest.mark.parametrize("ids", [[3, 1, 2], ["c", "a", "b"]])
def test_the_order_of_the_rows_counts_for_nothing(ids: list[Any]) -> None:
    frame = rows([(example,) for example in ids], "example_id").assign(pie_score=0.5, beyond_chance=0.5, pie=True)
    for some in (frame, frame[::-1]):
        assert strongest_first(some)["example_id"].tolist() == sorted(ids)
        assert list(strongest_first(some)) == list(frame)
