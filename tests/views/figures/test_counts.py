import numpy as np
import pandas as pd
import pytest
from matplotlib import figure as mpl

from lesion.artifacts.csv_tables import read_csv
from lesion.artifacts.tables import PIE, read_parquet
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.counts import plot, tabulate
from tests.views.synthetic import Study


def counts(study: Study) -> pd.DataFrame:
    return tabulate(read_csv(study.summary), trained=list(study.made.trained), derived=list(study.made.derived))


def drawn(table: pd.DataFrame) -> mpl.Figure:
    with style.applied(Figure(width=8, height=5, font_size=8)):
        return plot(table, alpha=0.05)


def legend(drawing: mpl.Figure) -> list[str]:
    return [text.get_text() for text in drawing.legends[0].get_texts()]


def test_numbers_are_those_of_the_audit(study: Study) -> None:
    table = counts(study)
    assert table["variant"].tolist() == study.compressed
    impacts, graded, nulls = (study.statistic(name) for name in ("impact", "pie", "null"))
    for row in table.to_dict("records"):
        impact = read_csv(impacts[row["variant"]])
        pie = read_parquet(graded[row["variant"]], PIE)["pie"].to_pylist()
        noise = read_csv(nulls[row["variant"]])
        assert row["significant_classes"] == sum(impact["significant"])
        assert row["pie"] == sum(pie)
        assert row["pie_share"] == pytest.approx(sum(pie) / len(pie))
        assert row["significant_classes_fdr"] == sum(impact["significant_fdr"])
        assert row["null_pie"] == pytest.approx(sum(noise["null_pie"]) / len(noise))
        assert row["null_pie_high"] == pytest.approx(np.quantile(noise["null_pie"], 0.975))
        assert row["matched_pie"] == pytest.approx(sum(noise["pie"]) / len(noise))
        low = np.quantile(noise["null_significant_classes"], 0.025)
        assert row["null_significant_classes_low"] == pytest.approx(low)


def test_each_method_has_a_line_over_sparsity(study: Study) -> None:
    table = counts(study)
    other = table[table["kind"] == "trained"].assign(method="rigl", variant=["rigl-50", "rigl-90"])
    drawing = drawn(pd.concat([other, table], ignore_index=True))
    lines = [line for line in drawing.axes[0].lines if line.get_linestyle() == "-"]
    assert len(lines) == 2
    assert all(np.array_equal(np.asarray(line.get_xdata()), [50, 90]) for line in lines)
    assert legend(drawing)[:2] == ["pruned (rigl)", "pruned (gmp)"]


def test_the_legend_says_how_many_members_are_compared(study: Study) -> None:
    table = counts(study)
    assert "compressed against dense, 4 members a side" in legend(drawn(table))
    other = table.assign(null_members=[4, 4, 8, 8])
    assert "compressed against dense, 4 or 8 members a side" in legend(drawn(other))


def test_each_kind_has_a_column_and_single_members_no_test(every_kind: Study) -> None:
    table = counts(every_kind)
    assert table["kind"].tolist() == ["trained", "derived", "external"]
    assert table["significant_classes"].isna().tolist() == [False, False, True]
    drawing = drawn(table)
    grid = np.array(drawing.axes).reshape(3, 3)
    assert [axes.get_ylabel() for axes in grid[:, 0]] == ["Classes, p < 0.05", "Classes, FDR 0.05", "PIE"]
    assert [text.get_text() for text in grid[0, 2].texts] == ["no test"]
    pie = table["pie"].iloc[2]
    assert [text.get_text().split()[0] for text in grid[2, 2].texts] == [f"{pie}"]
    (marks,) = grid[2, 2].lines
    assert np.asarray(marks.get_ydata()).tolist() == [pie]
    assert "predictions from files" in legend(drawing)


def test_no_variant_is_said_to_be_so(study: Study) -> None:
    assert drawn(counts(study).head(0)).texts[-1].get_text() == style.NO_VARIANT
