from pathlib import Path
from typing import Any

import pandas as pd

from lesion.artifacts.tables import read_parquet
from lesion.audit.comparison.classes import class_names
from lesion.audit.statistics.pie import SCHEMA as PIE
from lesion.params.figure import Figure
from lesion.views.example_images import read_images
from lesion.views.figures import style
from lesion.views.figures.pie_sheet import PER_VARIANT, draw, plot, tabulate
from tests.views.synthetic import Study


def graded(study: Study) -> dict[str, pd.DataFrame]:
    return {variant: read_parquet(path, PIE).to_pandas() for variant, path in study.statistic("pie").items()}


def strength(row: dict[Any, Any]) -> tuple[float, float, int]:
    return -row["pie_score"], -row["beyond_chance"], row["example_id"]


def test_shows_the_pie_of_highest_score(study: Study) -> None:
    tables, names = graded(study), class_names(study.examples)
    table = tabulate(tables, names)
    for variant, all_rows in tables.items():
        pie = [row for row in all_rows.to_dict("records") if row["pie"]]
        expected = sorted(pie, key=strength)[:PER_VARIANT]
        part = table[table["variant"] == variant]
        assert part["example_id"].tolist() == [row["example_id"] for row in expected]
        assert part["compressed_name"].tolist() == [names[row["compressed_label"]] for row in expected]
        assert part["name"].tolist() == [names[row["label"]] for row in expected]
        assert (part["pie"] == len(pie)).all()
    assert (table["dense_label"] != table["compressed_label"]).all()


def test_a_row_for_each_variant_that_has_pie(study: Study) -> None:
    table = tabulate(graded(study), class_names(study.examples))
    with style.applied(Figure(width=8, height=6, font_size=8)):
        drawing = plot(table, read_images(study.examples, study.images, table["example_id"]))
    shown = [axes for axes in drawing.axes if axes.images]
    assert len(shown) == len(table)
    assert {axes.get_ylabel().split("\n")[0] for axes in drawing.axes if axes.get_ylabel()} == set(table["variant"])


def test_no_pie_says_so(study_without_pie: Study, tmp_path: Path) -> None:
    draw(**study_without_pie.arguments("pie-sheet", tmp_path), figure=Figure(width=8, height=5, font_size=8))
    assert "No variant of this study has a PIE" in (tmp_path / "pie-sheet.svg").read_text()
    assert len(pd.read_csv(tmp_path / "pie-sheet.csv")) == 0
    assert tabulate({}, []).empty
