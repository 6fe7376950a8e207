from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib import figure as mpl
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.statistics import subgroups
from lesion.audit.statistics.subgroups import ALL
from lesion.params.figure import Figure
from lesion.params.impact import Impact
from lesion.params.subgroups import Subgroups
from lesion.views.figures import style
from lesion.views.figures.subgroups import draw, plot, tabulate
from tests.synthetic import labels, population

SIZE = Figure(width=11, height=6.5, font_size=9)
QUARTERS = np.array(["1 (least)", "2", "3", "4 (most)"])


def tables(
    *, variants: int = 3, classes: int = 3, members: int = 6, attributes: int = 3, examples: int = 240
) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(11)
    label = labels(rng, examples, classes)
    groups = {f"attribute {k}": rng.choice(QUARTERS, examples, p=[0.4, 0.3, 0.25, 0.05]) for k in range(attributes)}
    dense = population(rng, label, members=members, classes=classes, skill=0.9)
    made = {}
    for k in range(variants):
        compressed = population(rng, label, members=members, classes=classes, skill=0.9 - 0.15 * k)
        comparison = Comparison(dense, compressed, np.arange(classes), dense.example_id, groups=groups)
        made[f"gmp-{k}"] = subgroups.table(
            comparison,
            groups=[[name] for name in groups],
            settings=Subgroups(smallest=20),
            impact=Impact(alpha=0.05, normalise="population"),
        )
    return made


def drawn(made: dict[str, pd.DataFrame]) -> tuple[mpl.Figure, pd.DataFrame]:
    table = tabulate(made)
    with style.applied(SIZE):
        drawing = plot(table)
        drawing.draw_without_rendering()
    return drawing, table


def by_line(axes: Axes) -> dict[int, tuple[float, str, str]]:
    """The place of each circle, with the colours of its edge and its face, by the line that it is on; from the top."""
    found: dict[int, tuple[float, str, str]] = {}
    for marks in (line for line in axes.lines if line.get_marker() == "o"):
        colours = (to_hex(marks.get_color()).upper(), to_hex(marks.get_markerfacecolor()).upper())
        points = np.column_stack([np.asarray(marks.get_xdata()), np.asarray(marks.get_ydata())])
        found |= {int(y): (float(x), *colours) for x, y in points}
    return dict(sorted(found.items()))


def test_numbers_are_the_tables_one_below_the_other() -> None:
    made = tables(classes=2)
    found = tabulate(made)
    for variant, table in made.items():
        part = found[found["variant"] == variant].drop(columns="variant").reset_index(drop=True)
        pd.testing.assert_frame_equal(part, table)


def test_a_circle_is_the_change_of_its_group_and_the_dashed_line_that_of_all() -> None:
    drawing, table = drawn(tables())
    for axes, (_, part) in zip(drawing.axes, table.groupby("variant", sort=False), strict=True):
        grouped = part[part["attribute"] != ALL]
        assert [x for x, *_ in by_line(axes).values()] == pytest.approx((100 * grouped["change"]).tolist())
        drawn_lines = [part for lines in axes.collections if isinstance(lines, LineCollection)
                       for part in lines.get_segments()]  # fmt: skip
        ends = sorted((part[0, 1], part[0, 0], part[1, 0]) for part in drawn_lines)
        np.testing.assert_array_equal([y for y, *_ in ends], list(by_line(axes)))
        expected = 100 * grouped[["change_low", "change_high"]].to_numpy()
        np.testing.assert_allclose([row[1:] for row in ends], expected, rtol=1e-9)
        overall = [line for line in axes.lines if line.get_linestyle() == "--" and line.get_color() == style.INK]
        assert [float(np.asarray(line.get_xdata())[0]) for line in overall] == pytest.approx(
            100 * part.loc[part["attribute"] == ALL, "change"]
        )


def test_colours_and_titles_follow_both_kinds_of_significance() -> None:
    drawing, table = drawn(tables(variants=4))
    assert set(table["significant"]) == {True, False}
    for axes, (variant, part) in zip(drawing.axes, table.groupby("variant", sort=False), strict=True):
        grouped = part[part["attribute"] != ALL]
        edges, faces = ([mark[k] == style.PINK for mark in by_line(axes).values()] for k in (1, 2))
        assert edges == grouped["significant"].tolist()
        assert faces == grouped["significant_fdr"].tolist()
        counts = f"{grouped['significant'].sum()} of 12 differ,\n{grouped['significant_fdr'].sum()} by FDR"
        assert axes.get_title() == f"{variant}\n{counts}"


def test_names_say_how_many_examples_and_which_groups_are_small() -> None:
    drawing, table = drawn(tables())
    names = [text.get_text() for text in drawing.axes[0].get_yticklabels()]
    expected = []
    for attribute, rows in table[(table["variant"] == "gmp-0") & (table["attribute"] != ALL)].groupby("attribute"):
        expected.append(attribute)
        for row in rows.to_dict("records"):
            expected.append(f"{row['group']}  ({row['examples']}{', small' if row['examples'] < 20 else ''})")
    assert names == expected
    assert any("small" in name for name in names)
    bold = [text.get_text() for text in drawing.axes[0].get_yticklabels() if text.get_fontweight() == "bold"]
    assert bold == ["attribute 0", "attribute 1", "attribute 2"]


def test_two_classes_have_a_row_of_panels_for_each_rate() -> None:
    drawing, table = drawn(tables(classes=2, variants=2, attributes=1))
    assert len(drawing.axes) == 6
    assert [axes.get_ylabel() for axes in drawing.axes[::2]] == ["Error", "False positives", "False negatives"]
    for axes, (_, part) in zip(
        drawing.axes, table[table["attribute"] != ALL].groupby(["measure", "variant"], sort=False), strict=False
    ):
        assert len(by_line(axes)) == len(part) == 4


@pytest.mark.parametrize(("classes", "attributes"), [(3, 3), (2, 1)])
def test_seven_variants_fit_and_no_text_lies_on_another(classes: int, attributes: int) -> None:
    drawing, _ = drawn(tables(variants=7, classes=classes, attributes=attributes))
    shown = [drawing._suptitle, *(axes.title for axes in drawing.axes), *drawing.legends]  # type: ignore[attr-defined]
    for axes in drawing.axes:
        low, high = sorted(axes.get_xlim())
        places = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        shown += [text for place, text in places if low <= place <= high]
        shown += [text for text in axes.get_yticklabels() if text.get_visible() and text.get_text()]
    boxes = np.array([text.get_window_extent().extents for text in shown])
    boxes = boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]
    for k, box in enumerate(boxes[:-1]):
        shared = np.minimum(box[2:], boxes[k + 1 :, 2:]) - np.maximum(box[:2], boxes[k + 1 :, :2])
        assert (shared.min(axis=1) <= 0).all()
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= drawing.bbox.size).all()


def test_single_models_are_drawn_without_a_test() -> None:
    drawing, _ = drawn(tables(members=1))
    assert all(axes.get_title().endswith("no test\n") for axes in drawing.axes)
    assert all(colour == style.GREY for axes in drawing.axes for _, colour, _ in by_line(axes).values())


def test_a_study_without_attributes_says_so() -> None:
    drawing, table = drawn(tables(attributes=0))
    assert (table["attribute"] == ALL).all()
    assert not drawing.axes
    assert "names no attribute" in drawing.texts[-1].get_text()


def test_the_step_draws_what_the_audit_wrote(tmp_path: Path) -> None:
    made = tables(variants=2, attributes=1)
    for variant, table in made.items():
        write_csv(tmp_path / f"{variant}.csv", table)
    written = {
        name: tmp_path / f"subgroups.{suffix}" for name, suffix in (("svg", "svg"), ("pdf", "pdf"), ("numbers", "csv"))
    }
    draw(subgroups={name: tmp_path / f"{name}.csv" for name in ("gmp-1", "gmp-0")}, **written, figure=SIZE)
    found = read_csv(written["numbers"])
    assert list(dict.fromkeys(found["variant"])) == ["gmp-1", "gmp-0"]
    pd.testing.assert_frame_equal(found, tabulate({name: made[name] for name in ("gmp-1", "gmp-0")}), check_dtype=False)
    svg = ElementTree.fromstring(written["svg"].read_bytes())
    assert float(svg.attrib["width"].removesuffix("pt")) == pytest.approx(72 * SIZE.width)
    assert written["pdf"].read_bytes().startswith(b"%PDF-")


def test_no_variant_and_tables_without_rows_are_drawn() -> None:
    made = tables(variants=1)
    drawing, table = drawn(made | {"empty": made["gmp-0"].head(0)})
    assert table["variant"].unique().tolist() == ["gmp-0"]
    assert len(drawing.axes) == 1
    assert not drawn({})[0].axes
