"""The tables of docs/results/foresee are made of the files beside it."""

from pathlib import Path

import pytest
from bench.foresee.tables import tables

FOLDER = Path(__file__).parents[3] / "docs" / "results" / "foresee"


@pytest.mark.parametrize("table", tables(FOLDER), ids=["one", "halves", "scores", "sizes"])
def test_the_page_shows_what_was_measured(table: str) -> None:
    assert f"\n{table}\n" in (FOLDER / "README.md").read_text(encoding="utf-8")
