"""What holds for every figure: three files that parse, and the same bytes whoever draws them."""

import inspect
import os
import subprocess
import sys
import warnings
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import get_type_hints
from xml.etree import ElementTree

import pandas as pd
import pytest

from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.params.figure import Figure
from lesion.pipeline.declared import figures
from tests.views.synthetic import SMALL, Study

FIGURES = (
    "impact", "subgroups", "reliability", "foresight", "counts", "pie-accuracy", "robustness", "size", "pie-sheet",
)  # fmt: skip
SUFFIXES = ("svg", "pdf", "csv")
SIZE = Figure(width=8.0, height=5.0, font_size=8.0)
REPOSITORY = Path(__file__).parents[3]

ELSEWHERE = """
import sys
from importlib import import_module
from pathlib import Path
from lesion.params.figure import Figure
from tests.views.synthetic import SMALL, Study
for name in sys.argv[2:]:
    module = import_module("lesion.views.figures." + name.replace("-", "_"))
    module.draw(**Study(SMALL).arguments(name, Path(sys.argv[1])), figure=Figure(width=8.0, height=5.0, font_size=8.0))
"""


def draw(name: str, study: Study, folder: Path) -> dict[str, bytes]:
    module = import_module("lesion.views.figures." + name.replace("-", "_"))
    module.draw(**study.arguments(name, folder), figure=SIZE)
    return {suffix: (folder / f"{name}.{suffix}").read_bytes() for suffix in SUFFIXES}


@pytest.fixture(scope="module")
def drawn(built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The files of each figure, as one process draws them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(built)
        return {name: draw(name, Study(SMALL), tmp_path_factory.mktemp("drawn")) for name in FIGURES}


@pytest.mark.parametrize("name", FIGURES)
def test_draws_three_files_that_parse(name: str, study: Study, drawn: dict[str, dict[str, bytes]]) -> None:
    found = drawn[name]
    drawing = ElementTree.fromstring(found["svg"])
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    if name != "pie-sheet":  # which takes as much of its height as it needs
        assert float(drawing.attrib["width"].removesuffix("pt")) == pytest.approx(72 * SIZE.width)
        assert float(drawing.attrib["height"].removesuffix("pt")) == pytest.approx(72 * SIZE.height)
    assert found["pdf"].startswith(b"%PDF-")
    assert found["pdf"].rstrip().endswith(b"%%EOF")
    numbers = pd.read_csv(BytesIO(found["csv"]))
    assert set(numbers["variant"]) - {"dense"} <= set(study.compressed)
    assert len(numbers)


def test_a_second_draw_in_another_process_gives_the_same_bytes_whatever_the_users_settings(
    study: Study, tmp_path: Path, drawn: dict[str, dict[str, bytes]]
) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nlines.linewidth: 9\npdf.fonttype: 3\n")
    environment = os.environ | {"PYTHONHASHSEED": "7", "MPLCONFIGDIR": str(tmp_path), "TZ": "Asia/Tokyo"}
    environment |= {"MPLBACKEND": "nonsense", "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), *sys.path]))}
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path), *FIGURES]
    subprocess.run(command, check=True, env=environment)
    for name in FIGURES:
        for suffix in SUFFIXES:
            assert (tmp_path / f"{name}.{suffix}").read_bytes() == drawn[name][suffix], (name, suffix)


@pytest.mark.parametrize("name", FIGURES)
def test_no_date_and_no_machine_in_the_files(name: str, built: Path, drawn: dict[str, dict[str, bytes]]) -> None:
    found = drawn[name]
    assert b"<dc:date>" not in found["svg"]
    assert b"CreationDate" not in found["pdf"]
    assert str(built).encode() not in found["svg"] + found["pdf"] + found["csv"]


@pytest.mark.parametrize("name", ["impact", "counts"])
def test_a_study_without_pie_is_drawn(name: str, study_without_pie: Study, tmp_path: Path) -> None:
    draw(name, study_without_pie, tmp_path)


@pytest.mark.parametrize("name", FIGURES)
def test_every_kind_of_variant_is_drawn(name: str, every_kind: Study, tmp_path: Path) -> None:
    with warnings.catch_warnings(action="error"):
        found = draw(name, every_kind, tmp_path)
    table = pd.read_csv(BytesIO(found["csv"]))
    shown = [variant for variant in dict.fromkeys(table["variant"]) if variant != "dense"]
    expected = every_kind.compressed[: 2 if name in {"robustness", "size"} else 3]
    assert shown == expected
    (external,) = every_kind.made.external
    assert external.encode() not in found["svg"]  # cut, as no title has room for it


@pytest.mark.parametrize("name", ["counts", "size"])
@pytest.mark.parametrize("kind", ["trained", "derived"])
def test_one_kind_alone_is_drawn(name: str, kind: str, study: Study, tmp_path: Path) -> None:
    kept = {"dense", *getattr(study.made, kind)}
    summary = read_csv(study.summary)
    write_csv(tmp_path / "summary.csv", summary[summary["variant"].isin(kept)])
    other = {"trained": "derived", "derived": "trained"}[kind]
    given = study.arguments(name, tmp_path) | {"summary": tmp_path / "summary.csv", other: []}
    import_module(f"lesion.views.figures.{name}").draw(**given, figure=SIZE)


def test_what_a_figure_declares_is_what_it_is_given() -> None:
    declared = {found.name: found for found in figures()}
    assert set(declared) == {*FIGURES, "comparison", "computation", "front", "latency", "layers"}
    outputs = {"svg", "pdf", "numbers", "figure"}
    for found in declared.values():
        draw = import_module(found.module).draw
        parameters = inspect.signature(draw).parameters
        inputs = {name.replace("-", "_") for name in found.constants["INPUTS"]}
        expected = {*inputs, *found.constants.get("SETTINGS", {})} | outputs
        assert set(parameters) - {"study"} == expected
        assert all(parameter.kind == inspect.Parameter.KEYWORD_ONLY for parameter in parameters.values())
        hints = get_type_hints(draw)
        for name in inputs:
            one, many = (
                {"examples", "images", "summary", "comparison", "front", "latency"},
                {"predictions", "robustness"},
            )
            assert hints[name] == (Path if name in one else dict[str, list[Path]] if name in many else dict[str, Path])


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
