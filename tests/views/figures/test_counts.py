from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import read_csv
from lesion.artifacts.tables import PIE, read_parquet
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.counts import numbers, plot


def test_numbers_are_those_of_the_audit(study: dict[str, Any]) -> None:
    lists = {"trained": study["trained"], "derived": study["derived"]}
    table = numbers(read_csv(paths.summary(study["study"])), **lists)
    assert table["variant"].tolist() == study["trained"] + study["derived"]
    for row in table.to_dict("records"):
        impact = read_csv(paths.impact(study["study"], row["variant"]))
        pie = read_parquet(paths.pie(study["study"], row["variant"]), PIE)["pie"].to_pylist()
        assert row["significant_classes"] == sum(impact["significant"])
        assert row["pie"] == sum(pie)
        assert row["pie_share"] == pytest.approx(sum(pie) / len(pie))
        noise = read_csv(paths.null(study["study"], row["variant"]))
        assert row["significant_classes_fdr"] == sum(impact["significant_fdr"])
        assert row["null_pie"] == pytest.approx(sum(noise["null_pie"]) / len(noise))
        assert row["null_pie_high"] == pytest.approx(np.quantile(noise["null_pie"], 0.975))
        assert row["matched_pie"] == pytest.approx(sum(noise["pie"]) / len(noise))
        low = np.quantile(noise["null_significant_classes"], 0.025)
        assert row["null_significant_classes_low"] == pytest.approx(low)


def test_each_method_has_a_line_over_sparsity(study: dict[str, Any]) -> None:
    table = numbers(read_csv(paths.summary(study["study"])), trained=study["trained"], derived=study["derived"])
    other = table[table["kind"] == "trained"].assign(method="rigl", variant=["rigl-50", "rigl-90"])
    both = pd.concat([other, table], ignore_index=True)
    with style.applied(Figure(width=8, height=5, font_size=8)):
        drawing = plot(both)
    lines = [line for line in drawing.axes[0].lines if line.get_linestyle() == "-"]
    assert len(lines) == 2
    assert all(np.array_equal(np.asarray(line.get_xdata()), [50, 90]) for line in lines)
    assert [text.get_text() for text in drawing.legends[0].get_texts()][:2] == ["pruned (rigl)", "pruned (gmp)"]
