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

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.comparison import draw, numbers, plot

FAMILIES = {"magnitude": ["gmp"], "before-training": ["snip", "rigl"], "learned": ["vardrop"]}
LEVELS = (0.9, 0.5, 0.8)  # not in order
SIZE = {"width": 9.0, "height": 7.0, "font_size": 8.0}
SUFFIXES = ("svg", "pdf", "csv")


def comparison(methods: list[str]) -> pd.DataFrame:
    """Rows of `comparison.csv`, made up."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = [{"variant": "dense", "method": "dense", "sparsity": 0.0, "top1": 0.97}]
    for method in methods:
        for level in LEVELS:
            row = {"variant": f"{method}-{100 * level:.0f}", "method": method, "sparsity": level + rng.normal(0, 0.01)}
            rows.append(row | {"top1": rng.uniform(0.5, 0.97), "pie": rng.integers(80), "significant_classes": 3})
    table = pd.DataFrame(rows)
    for name, spread in (("top1", 0.01), ("pie", 5), ("significant_classes", 1)):
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - spread, table[name] + spread
    for name in ("pie", "significant_classes"):
        table[f"null_{name}"], table[f"null_{name}_low"], table[f"null_{name}_high"] = 2.5, 0.0, 4.0
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
    table = numbers(made, FAMILIES)
    assert table["method"].unique().tolist() == ["dense", "gmp", "snip", "rigl", "vardrop"]
    assert table["family"].dropna().unique().tolist() == list(FAMILIES)
    assert all(rows["sparsity"].is_monotonic_increasing for _, rows in table.groupby("method"))
    same = table.drop(columns="family").set_index("variant").loc[made["variant"]].reset_index()
    pd.testing.assert_frame_equal(same, made)


def test_a_column_a_family_a_line_a_method_and_the_reference_in_each() -> None:
    table = numbers(comparison(["gmp", "snip", "rigl", "vardrop"]), FAMILIES)
    titles, rows, named = panels(table)
    assert titles == ["before training", "learned"]
    assert named[:2] == [["snip", "rigl"], ["vardrop"]]
    assert named[2][0] == "gmp, for reference"
    for measure, row in zip(("top1", "significant_classes", "pie"), rows, strict=True):
        scale = 100 if measure == "top1" else 1
        for axes, methods in zip(row, (["gmp", "snip", "rigl"], ["gmp", "vardrop"]), strict=True):
            noise, *lines = axes.lines
            assert np.unique(np.asarray(noise.get_ydata())) == pytest.approx(97 if measure == "top1" else 2.5)
            assert len(axes.collections) == len(methods)  # bands
            for line, method in zip(lines, methods, strict=True):
                part = table[table["method"] == method]
                np.testing.assert_allclose(np.asarray(line.get_xdata(), dtype=float), 100 * part["sparsity"])
                np.testing.assert_allclose(np.asarray(line.get_ydata(), dtype=float), scale * part[measure])
            assert to_hex(lines[0].get_color()) == style.GREY


def test_a_band_reaches_from_low_to_high() -> None:
    table = numbers(comparison(["gmp", "snip"]), FAMILIES)
    _, rows, _ = panels(table)
    extent = rows[2][0].collections[1].get_paths()[0].get_extents()
    part = table[table["method"] == "snip"]
    assert (extent.ymin, extent.ymax) == (part["pie_low"].min(), part["pie_high"].max())


def test_the_reference_alone_has_a_column_of_its_own() -> None:
    titles, rows, named = panels(numbers(comparison(["gmp"]), FAMILIES))
    assert titles == ["magnitude"]
    assert len(rows[0][0].lines) == 2
    assert named == [[], named[1]]


def test_many_methods_of_one_family_look_different() -> None:
    methods = [f"method{letter}" for letter in "abcdefghi"]
    _, rows, _ = panels(numbers(comparison(["gmp", *methods]), {"magnitude": ["gmp", *methods]}))
    looks = {(line.get_color(), line.get_linestyle()) for line in rows[0][0].lines[1:]}
    assert len(looks) == 1 + len(methods)


@pytest.mark.parametrize("more", [0, 1000])
def test_counts_start_at_none_unless_all_are_large(more: int) -> None:
    made = comparison(["gmp", "snip"])
    counts = [name for name in made if "pie" in name]
    made[counts] += more
    _, rows, _ = panels(numbers(made, FAMILIES))
    bottom, top = rows[2][0].get_ylim()
    assert bottom <= made["pie_low"].min() or not more
    assert top >= made["pie_high"].max()
    assert (bottom > 0) == (more > 0)


ELSEWHERE = """
import json, sys
from lesion.views.figures.comparison import draw
from lesion.params.figure import Figure
families, size = json.loads(sys.argv[1])
draw(study="toy", families=families, figure=Figure(**size))
"""


def test_three_files_that_parse_and_are_the_same_bytes_in_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv(paths.comparison("toy"), comparison(["gmp", "rigl"]))
    draw(study="toy", families=FAMILIES, figure=Figure(**SIZE))
    files = [paths.figure("toy", "comparison", suffix) for suffix in SUFFIXES]
    drawn = [path.read_bytes() for path in files]
    assert float(ElementTree.fromstring(drawn[0]).attrib["width"].removesuffix("pt")) == pytest.approx(72 * 9)
    assert drawn[1].startswith(b"%PDF-")
    assert read_csv(files[2])["variant"].tolist() == numbers(comparison(["gmp", "rigl"]), FAMILIES)["variant"].tolist()
    assert not any(secret in b"".join(drawn) for secret in (b"<dc:date>", b"CreationDate", str(tmp_path).encode()))
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-c", ELSEWHERE, json.dumps([FAMILIES, SIZE])]
    subprocess.run(command, check=True, env=environment)
    assert [path.read_bytes() for path in files] == drawn
