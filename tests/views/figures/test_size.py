import pandas as pd
import pytest

from lesion.artifacts.csv_tables import read_csv
from lesion.artifacts.tables import read_facts
from lesion.audit.comparison.populations import read_population
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.size import plot, tabulate
from tests.views.synthetic import Study


def sizes(study: Study) -> pd.DataFrame:
    return tabulate(read_csv(study.summary), trained=list(study.made.trained), derived=list(study.made.derived))


def test_numbers_are_those_of_the_predictions(study: Study) -> None:
    table = sizes(study)
    assert table["variant"].tolist() == ["dense", *study.compressed]
    assert table["kind"].tolist() == ["dense", "trained", "trained", "derived", "derived"]
    for row in table.to_dict("records"):
        files = study.predictions[row["variant"]]
        each = read_population(files).correct.mean(axis=1)
        assert row["kib_per_member"] == read_facts(files[0])["bytes_per_member"] / 1024
        assert row["top1"] == pytest.approx(sum(each) / len(each))
        assert row["top1_sd"] == pytest.approx(each.std(ddof=1))


def test_every_point_is_labelled(study: Study) -> None:
    table = sizes(study)
    with style.applied(Figure(width=8, height=5, font_size=8)):
        (axes,) = plot(table).axes
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.texts] == table["variant"].tolist()
    assert axes.get_ylabel().endswith("of 8 members")


def test_a_variant_of_unknown_size_has_no_point(every_kind: Study) -> None:
    table = sizes(every_kind)
    assert table["variant"].tolist() == ["dense", "gmp-90", "gmp-90-int8-static"]
    other = table.assign(members=[8, 8, 3])
    with style.applied(Figure(width=8, height=5, font_size=8)):
        (axes,) = plot(other).axes
    assert axes.get_ylabel().endswith("of 3 to 8 members")
