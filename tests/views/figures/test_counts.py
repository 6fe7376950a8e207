import numpy as np
import pandas as pd
import pytest
from matplotlib import figure as mpl

from lesion.artifacts.csv_tables import read_csv
from lesion.artifacts.tables import read_parquet
from lesion.audit.noise import COUNTS
from lesion.audit.statistics.pie import SCHEMA as PIE
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
        noise = read_csv(nulls[row["variant"]]).set_index("count")
        assert row["significant_classes"] == sum(impact["significant"])
        assert row["pie"] == sum(pie)
        assert row["pie_share"] == pytest.approx(sum(pie) / len(pie))
        assert row["significant_classes_fdr"] == sum(impact["significant_fdr"])
        for count in COUNTS:
            assert row[count] == noise.loc[count, "all"]
            for measure in ("null_low", "matched", "excess", "excess_high"):
                of_what, _, end = measure.partition("_")
                name = "_".join(filter(None, (of_what, count, end)))
                assert row[name] == pytest.approx(noise.loc[count, measure])


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
    assert "4 compressed against 4 dense, 95 % interval" in legend(drawn(table))
    other = table.assign(null_members=[4, 4, 8, 8])
    assert "4 or 8 compressed against 4 or 8 dense, 95 % interval" in legend(drawn(other))


def test_each_kind_has_a_column_and_single_members_no_test(every_kind: Study) -> None:
    table = counts(every_kind)
    assert table["kind"].tolist() == ["trained", "derived", "external"]
    assert table["significant_classes"].isna().tolist() == [False, False, True]
    drawing = drawn(table)
    grid = np.array(drawing.axes).reshape(4, 3)
    assert [axes.get_ylabel() for axes in grid[:, 0]] == ["Classes, p < 0.05", "PIE", "Forgotten", "Learnt"]
    assert [text.get_text() for text in grid[0, 2].texts] == ["no test"]
    pie = table["pie"].iloc[2]
    assert [text.get_text().split()[0] for text in grid[1, 2].texts] == [f"{pie}"]
    (marks,) = grid[1, 2].lines
    assert np.asarray(marks.get_ydata()).tolist() == [pie]
    assert "predictions from files" in legend(drawing)


def test_whiskers_are_the_interval_of_the_excess_beside_the_mean_of_the_noise(study: Study) -> None:
    table = counts(study)
    panels = np.array(drawn(table).axes).reshape(4, 2)
    for axes, count in zip(panels[1:, 0], ("pie", "forgotten", "learnt"), strict=True):
        _, whiskers = axes.collections  # the means of the noise come first
        rows = table[table["kind"] == "trained"].to_dict("records")
        for segment, row in zip(whiskers.get_segments(), rows, strict=True):
            ends = [max(0, row[f"null_{count}"] + row[f"excess_{count}_{end}"]) for end in ("low", "high")]
            assert segment[:, 1].tolist() == pytest.approx(ends)


def test_classes_stand_beside_those_that_chance_and_the_published_formula_find(study: Study) -> None:
    table = counts(study).assign(paper_significant_classes=pd.array([1, 2, 3, 1], dtype="Int64"))
    drawing = drawn(table)
    chance, published, _ = drawing.axes[0].lines
    assert set(np.asarray(chance.get_ydata()).tolist()) == {0.05 * table["classes"].iloc[0]}
    assert np.asarray(published.get_ydata()).tolist() == [1, 2]
    assert "classes by the paper's test" in legend(drawing)


def test_no_variant_is_said_to_be_so(study: Study) -> None:
    assert drawn(counts(study).head(0)).texts[-1].get_text() == style.NO_VARIANT
