import numpy as np
import pandas as pd

from lesion.audit.statistics.pie import SCHEMA as PIE
from lesion.views.page.rows import example_rows


def graded(**known: object) -> pd.DataFrame:
    row = dict.fromkeys(PIE.names, np.nan) | {"example_id": 7, "label": "cat", "pie": True}
    row |= {"dense_label": "cat", "compressed_label": "dog", "dense_share": 1.0, "compressed_share": 0.75}
    return pd.DataFrame([row | known])


def test_scored_examples_show_the_score_and_the_tests() -> None:
    columns, rows = example_rows(graded(pie_score=0.9, taxicab=1.75, p=0.01, q=0.04, dense_confidence=0.5))
    assert columns == ["example", "true", "dense", "compressed", "PIE score", "taxicab", "p", "q"]
    assert rows == [
        ["7", "cat", "cat (100\N{NO-BREAK SPACE}%)", "dog (75\N{NO-BREAK SPACE}%)", "0.90", "1.75", "0.01", "0.04"]
    ]


def test_a_single_pair_shows_confidence_where_it_is_known() -> None:
    columns, rows = example_rows(graded(dense_confidence=0.98, compressed_confidence=0.5))
    assert dict(zip(columns, rows[0], strict=True)) == {
        "example": "7",
        "true": "cat",
        "dense": "cat",
        "compressed": "dog",
        "confidence, dense": "0.98",
        "confidence, compressed": "0.50",
    }
    columns, rows = example_rows(graded(label=None))
    assert dict(zip(columns, rows[0], strict=True)) == {"example": "7", "dense": "cat", "compressed": "dog"}
