from typing import Any

import pytest

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import read_csv
from lesion.artifacts.tables import read_facts
from lesion.audit.comparison.populations import read_population
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.size import numbers, plot


def test_numbers_are_those_of_the_predictions(study: dict[str, Any]) -> None:
    table = numbers(read_csv(paths.summary(study["study"])), trained=study["trained"], derived=study["derived"])
    assert table["variant"].tolist() == ["dense", *study["trained"], *study["derived"]]
    for row in table.to_dict("records"):
        facts = read_facts(paths.predictions(study["study"], row["variant"], study["shards"][0]))
        each = read_population(study["study"], row["variant"], study["shards"]).correct.mean(axis=1)
        assert row["kib_per_member"] == facts["bytes_per_member"] / 1024
        assert row["top1"] == pytest.approx(sum(each) / len(each))
        assert row["top1_sd"] == pytest.approx(each.std(ddof=1))


def test_every_point_is_labelled(study: dict[str, Any]) -> None:
    table = numbers(read_csv(paths.summary(study["study"])), trained=study["trained"], derived=study["derived"])
    with style.applied(Figure(width=8, height=5, font_size=8)):
        (axes,) = plot(table).axes
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.texts] == table["variant"].tolist()
