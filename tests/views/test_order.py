from functools import cmp_to_key
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesion.views.order import strongest_first

SCORES = st.sampled_from([0.0, 0.25, 0.5, 1.0])


def later(one: dict[str, Any], other: dict[str, Any]) -> int:
    if one["pie_score"] != other["pie_score"]:
        return 1 if one["pie_score"] < other["pie_score"] else -1
    return 1 if one["example_id"] > other["example_id"] else -1


@given(st.lists(st.tuples(st.integers(0, 10**6), SCORES), unique_by=lambda row: row[0]))
def test_high_scores_come_first_and_equal_ones_by_id(rows: list[tuple[int, float]]) -> None:
    frame = pd.DataFrame({"example_id": [i for i, _ in rows], "pie_score": [score for _, score in rows]})
    found = strongest_first(frame).to_dict("records")
    assert found == sorted(frame.to_dict("records"), key=cmp_to_key(later))


@pytest.mark.parametrize("ids", [[3, 1, 2], ["c", "a", "b"]])
def test_the_order_of_the_rows_counts_for_nothing(ids: list[Any]) -> None:
    frame = pd.DataFrame({"example_id": ids, "pie_score": 0.5, "pie": True})
    for rows in (frame, frame[::-1]):
        assert strongest_first(rows)["example_id"].tolist() == sorted(ids)
        assert list(strongest_first(rows)) == list(frame)
