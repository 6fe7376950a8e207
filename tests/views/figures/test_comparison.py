import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.params.comparison import Family
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.comparison import draw, plot, tabulate

FAMILIES = [
    Family(name="magnitude", methods=["gmp"]),
    Family(name="before-training", methods=["snip", "rigl"]),
    Family(name="learned", methods=["vardrop"]),
]
LEVELS = (0.9, 0.5, 0.8)  # not in order
SIZE = {"width": 9.0, "height": 7.0, "font_size": 8.0}
OUTPUTS = (("svg", "svg"), ("pdf", "pdf"), ("numbers", "csv"))


def comparison(methods: list[str]) -> pd.DataFrame:
    """Rows of `comparison.csv`, made up."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = [{"variant": "dense", "method": "dense", "sparsity": 0.0, "top1": 0.97}]
    for method in methods:
        for level in LEVELS:
            row = {"variant": f"{method}-{100 * level:.0f}", "method": method, "sparsity": level + rng.normal(0, 0.01)}
            rows.append(
                row
                | {"top1": rng.uniform(0.5, 0.97), "excess_forgotten": rng.uniform(-9, 80), "significant_classes": 3}
            )
    table = pd.DataFrame(rows)
    for name, spread in (("top1", 0.01), ("excess_forgotten", 5), ("significant_classes", 1)):
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - spread, table[name] + spread
    return table


def panels(table: pd.DataFrame) -> tuple[list[str], list[list[Axes]], list[list[str]]]:
    """The titles, the panels of each row, and the names in the legends of columns and figure."""
    with style.applied(Figure(**SIZE)):
        drawing = plot(table)
    columns = len(drawing.axes) // 4
    rows = [drawing.axes[start : start + columns] for start in range(0, len(drawing.axes), columns)]
    legends = [axes.get_legend() for axes in rows[3]] + drawing.legends
    named = [[text.get_text() for text in legend.get_texts()] for legend in legends if legend is not None]
    return [axes.get_title() for axes in rows[0]], rows[:3], named


def test_numbers_are_those_of_the_table_by_family_and_sparsity() -> None:
    made = comparison(["rigl", "vardrop", "gmp", "snip"])
    table = tabulate(made, FAMILIES)
    assert table["method"].unique().tolist() == ["dense", "gmp", "snip", "rigl", "vardrop"]
    assert table["family"].dropna().unique().tolist() == [family.name for family in FAMILIES]
    assert all(rows["sparsity"].is_monotonic_increasing for _, rows in table.groupby("method"))
    same = table.drop(columns="family").set_index("variant").loc[made["variant"]].reset_index()
    pd.testing.assert_frame_equal(same, made)


def test_a_column_a_family_a_line_a_method_and_the_reference_in_each() -> None:
    table = tabulate(comparison(["gmp", "snip", "rigl", "vardrop"]), FAMILIES)
    titles, rows, named = panels(table)
    assert titles == ["before training", "learned"]
    assert named[:2] == [["snip", "rigl"], ["vardrop"]]
    assert named[2][0] == "gmp, for reference"
    for measure, row in zip(("top1", "significant_classes", "excess_forgotten"), rows, strict=True):
        scale = 100 if measure == "top1" else 1
        for axes, methods in zip(row, (["gmp", "snip", "rigl"], ["gmp", "vardrop"]), strict=True):
            reference, lines = axes.lines[: -len(methods)], axes.lines[-len(methods) :]
            level = {"top1": [97], "significant_classes": [], "excess_forgotten": [0]}[measure]
            assert [float(np.unique(np.asarray(line.get_ydata()))[0]) for line in reference] == pytest.approx(level)
            assert len(axes.collections) == len(methods)  # bands
            for line, method in zip(lines, methods, strict=True):
                part = table[table["method"] == method]
                np.testing.assert_allclose(np.asarray(line.get_xdata(), dtype=float), 100 * part["sparsity"])
                np.testing.assert_allclose(np.asarray(line.get_ydata(), dtype=float), scale * part[measure])
            assert to_hex(lines[0].get_color()) == style.GREY


def test_a_band_reaches_from_low_to_high() -> None:
    table = tabulate(comparison(["gmp", "snip"]), FAMILIES)
    _, rows, _ = panels(table)
    extent = rows[2][0].collections[1].get_paths()[0].get_extents()
    part = table[table["method"] == "snip"]
    assert (extent.ymin, extent.ymax) == pytest.approx(
        (part["excess_forgotten_low"].min(), part["excess_forgotten_high"].max())
    )


def test_the_reference_alone_has_a_column_of_its_own() -> None:
    titles, rows, named = panels(tabulate(comparison(["gmp"]), FAMILIES))
    assert titles == ["magnitude"]
    assert len(rows[0][0].lines) == 2
    assert named == [[], named[1]]


def test_many_methods_of_one_family_look_different() -> None:
    methods = [f"method{letter}" for letter in "abcdefghi"]
    _, rows, _ = panels(tabulate(comparison(["gmp", *methods]), [Family(name="magnitude", methods=["gmp", *methods])]))
    looks = {(line.get_color(), line.get_linestyle()) for line in rows[0][0].lines[1:]}
    assert len(looks) == 1 + len(methods)


@pytest.mark.parametrize("more", [0, 1000])
def test_counts_start_at_none_unless_all_are_large(more: int) -> None:
    made = comparison(["gmp", "snip"])
    counts = [name for name in made if "forgotten" in name]
    made[counts] += more
    _, rows, _ = panels(tabulate(made, FAMILIES))
    bottom, top = rows[2][0].get_ylim()
    assert bottom <= made["excess_forgotten_low"].min()
    assert top >= made["excess_forgotten_high"].max()
    assert (bottom > 0) == (more > 0)


def test_a_variant_without_a_sparsity_and_an_accuracy_that_is_not_known_are_left_out() -> None:
    made = comparison(["gmp", "snip"])
    external = {"variant": "theirs", "method": "theirs", "top1": 0.9, "forgotten": 4}
    made = pd.concat([made, pd.DataFrame([external])], ignore_index=True)
    made.loc[made["variant"] == "dense", "top1"] = np.nan
    table = tabulate(made, [*FAMILIES, Family(name="others", methods=["theirs"])])
    assert "theirs" not in set(table["variant"])
    titles, rows, _ = panels(table)
    assert titles == ["before training"]
    assert len(rows[0][0].lines) == 2


def test_dense_alone_is_said_to_be_so() -> None:
    with style.applied(Figure(**SIZE)):
        drawing = plot(tabulate(comparison(["gmp"]).head(1), FAMILIES))
    assert drawing.texts[-1].get_text() == style.NO_VARIANT


ELSEWHERE = """
import json, sys
from pathlib import Path
from lesion.views.figures.comparison import draw
from lesion.params.comparison import Family
from lesion.params.figure import Figure
families, size, paths = json.loads(sys.argv[1])
paths = {name: Path(path) for name, path in paths.items()}
draw(families=[Family(**family) for family in families], figure=Figure(**size), **paths)
"""


def test_three_files_that_parse_and_are_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    written = {name: tmp_path / f"comparison.{suffix}" for name, suffix in (*OUTPUTS, ("comparison", "table.csv"))}
    write_csv(written["comparison"], comparison(["gmp", "rigl"]))
    draw(**written, families=FAMILIES, figure=Figure(**SIZE))
    svg, pdf, numbers = drawn = [written[name].read_bytes() for name, _ in OUTPUTS]
    assert float(ElementTree.fromstring(svg).attrib["width"].removesuffix("pt")) == pytest.approx(72 * 9)
    assert pdf.startswith(b"%PDF-")
    expected = tabulate(comparison(["gmp", "rigl"]), FAMILIES)["variant"].tolist()
    assert read_csv(written["numbers"])["variant"].tolist() == expected
    assert not any(secret in svg + pdf + numbers for secret in (b"<dc:date>", b"CreationDate", str(tmp_path).encode()))
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    families = [family.model_dump() for family in FAMILIES]
    given = json.dumps([families, SIZE, {name: str(path) for name, path in written.items()}])
    subprocess.run([sys.executable, "-c", ELSEWHERE, given], check=True, env=environment)
    assert [written[name].read_bytes() for name, _ in OUTPUTS] == drawn


def test_many_families_go_into_rows_below() -> None:
    methods = [f"method{place}" for place in range(8)]
    families = [Family(name=name, methods=[name]) for name in ["gmp", *methods]]
    with style.applied(Figure(**SIZE)):
        drawing = plot(tabulate(comparison(["gmp", *methods]), families))
    assert [axes.get_title() for axes in drawing.axes if axes.get_title()] == methods
    assert len(drawing.axes) == 4 * 8
    assert len({round(axes.get_position().x0, 3) for axes in drawing.axes}) == 4
