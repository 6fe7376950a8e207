"""What holds for every figure: three files that parse, and the same bytes whoever draws them."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from lesion.artifacts import paths
from lesion.artifacts.csv_tables import read_csv
from lesion.params.figure import Figure
from tests.views.synthetic import SMALL, active

FIGURES = ("impact", "subgroups", "counts", "pie-accuracy", "robustness", "size", "pie-sheet")
SUFFIXES = ("svg", "pdf", "csv")
SIZE = {"width": 8.0, "height": 5.0, "font_size": 8.0}

ELSEWHERE = """
import json, sys
from importlib import import_module
from lesion.params.figure import Figure
arguments, figures, size = json.loads(sys.argv[1])
for name in figures:
    more = {"root_seed": 1911} if name == "pie-accuracy" else {}
    import_module("lesion.views.figures." + name.replace("-", "_")).draw(**arguments, **more, figure=Figure(**size))
"""


def draw(name: str, arguments: dict[str, Any]) -> dict[str, bytes]:
    more = {"root_seed": 1911} if name == "pie-accuracy" else {}
    module = import_module("lesion.views.figures." + name.replace("-", "_"))
    module.draw(**arguments, **more, figure=Figure(**SIZE))
    return {suffix: paths.figure(arguments["study"], name, suffix).read_bytes() for suffix in SUFFIXES}


@pytest.fixture(scope="module")
def drawn(built: Path) -> dict[str, dict[str, bytes]]:
    """The files of each figure, as one process draws them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(built)
        return {name: draw(name, active(SMALL)) for name in FIGURES}


@pytest.mark.parametrize("name", FIGURES)
def test_draws_three_files_that_parse(name: str, study: dict[str, Any], drawn: dict[str, dict[str, bytes]]) -> None:
    found = drawn[name]
    drawing = ElementTree.fromstring(found["svg"])
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    if name != "pie-sheet":  # which takes as much of its height as it needs
        assert float(drawing.attrib["width"].removesuffix("pt")) == pytest.approx(72 * SIZE["width"])
        assert float(drawing.attrib["height"].removesuffix("pt")) == pytest.approx(72 * SIZE["height"])
    assert found["pdf"].startswith(b"%PDF-")
    assert found["pdf"].rstrip().endswith(b"%%EOF")
    numbers = read_csv(paths.figure(study["study"], name, "csv"))
    assert set(numbers["variant"]) - {"dense"} <= {*study["trained"], *study["derived"]}
    assert len(numbers)


def test_a_second_draw_in_another_process_gives_the_same_bytes_whatever_the_users_settings(
    study: dict[str, Any], tmp_path: Path, drawn: dict[str, dict[str, bytes]]
) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nlines.linewidth: 9\npdf.fonttype: 3\n")
    environment = os.environ | {"PYTHONHASHSEED": "7", "MPLCONFIGDIR": str(tmp_path), "TZ": "Asia/Tokyo"}
    arguments = json.dumps([study, FIGURES, SIZE])
    subprocess.run([sys.executable, "-c", ELSEWHERE, arguments], check=True, env=environment)
    for name in FIGURES:
        for suffix in SUFFIXES:
            assert paths.figure(study["study"], name, suffix).read_bytes() == drawn[name][suffix], (name, suffix)


@pytest.mark.parametrize("name", FIGURES)
def test_no_date_and_no_machine_in_the_files(name: str, built: Path, drawn: dict[str, dict[str, bytes]]) -> None:
    found = drawn[name]
    assert b"<dc:date>" not in found["svg"]
    assert b"CreationDate" not in found["pdf"]
    assert str(built).encode() not in found["svg"] + found["pdf"] + found["csv"]


@pytest.mark.parametrize("name", ["impact", "counts"])
def test_a_study_without_pie_is_drawn(name: str, study_without_pie: dict[str, Any]) -> None:
    draw(name, study_without_pie)


@pytest.mark.parametrize("name", ["counts", "size"])
@pytest.mark.parametrize("kind", ["trained", "derived"])
def test_one_kind_alone_is_drawn(name: str, kind: str, study: dict[str, Any]) -> None:
    draw(name, study | {kind: []})


def test_audit_figures_and_gallery_never_import_torch() -> None:
    program = """
import pkgutil, sys
from importlib import import_module
for package in ("lesion.audit", "lesion.views.figures", "lesion.views.gallery"):
    for module in pkgutil.walk_packages(import_module(package).__path__, package + "."):
        import_module(module.name)
assert "torch" not in sys.modules
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
