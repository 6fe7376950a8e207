"""docs/STATISTICS.md counts the cells that it shows, and says the truth about those that are off."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[1] / "docs" / "STATISTICS.md").read_text()


def test_the_page_counts_its_cells_and_marks_none() -> None:
    cells = [line for line in TEXT.partition("### All cells")[2].splitlines() if line.startswith("| ")][2:]
    [said] = re.findall(r"Of the ([\d,]+) cells below none is\.", TEXT)
    assert int(said.replace(",", "")) == len(cells)
    assert all(line.count("|") == 4 for line in cells)
    assert not [line for line in cells if ", off**" in line]
