"""Text from data that could be mistaken for something else, or that no font has, in all figures and pages."""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from lesion.artifacts.csv_tables import read_csv
from lesion.views.gallery.page import gallery
from tests.views.synthetic import Study, Synthetic, build

from .test_draw import FIGURES, draw

NAMES = ("$", "$x$", "tab\x0bbed", "犬🦊", "two\nlines", "-->", "a" * 300)
ODD = Synthetic(
    trained={"gmp-50": (0.5, 24_000, 1.6)},
    derived={"int8-static": (0.0, 11_000, 1.4)},
    names=NAMES,
    attribute="$price$\x02",
    groups=("$$\\frac{", "猫\x01"),
    examples=140,
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        build(ODD)
    return folder


@pytest.mark.parametrize("name", FIGURES)
def test_figures_draw_text_as_it_is(name: str, odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(odd)
    with warnings.catch_warnings(action="error"):
        found = draw(name, Study(ODD), tmp_path)
    ElementTree.fromstring(found["svg"])
    svg = found["svg"].decode()
    assert "Oblique" not in svg  # the letters of a formula
    assert "a" * 100 not in svg
    table = read_csv(tmp_path / f"{name}.csv")
    if name == "impact":
        assert set(table["name"]) == set(NAMES)
        assert all(f"<!-- {shown} -->" in svg for shown in ("$", "$x$", r"tab\x0bbed", "two lines"))
    if name == "subgroups":
        assert {"$$\\frac{", "猫\x01"} <= set(table["group"])
        assert r"$price$\x02" in svg


def test_the_gallery_shows_control_characters_as_codes(
    odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(odd)
    study, page = Study(ODD), tmp_path / "index.html"
    gallery(study=ODD.study, examples=study.examples, images=study.images, pie=study.statistic("pie"), page=page)
    text = page.read_text(encoding="utf-8")
    assert "\x0b" not in text
    assert all(f">{shown}</a>" in text for shown in (r"tab\x0bbed", "犬🦊", "two lines", "--&gt;", "a" * 300))


def predictions(folder: Path, classes: tuple[str, ...]) -> list[str]:
    """Two files of predictions of two models each, and the arguments that name them."""
    arguments = []
    for side, shift in (("dense", 0), ("compressed", 1)):
        rows: list[dict[str, Any]] = []
        for member in range(2):
            for example in range(12):
                said = classes[(example + shift * (example % 4 == member)) % 3]
                row = {"example_id": example, "member": member, "label": classes[example % 3], "prediction": said}
                rows.append(row)
        pd.DataFrame(rows).to_csv(folder / f"{side}.csv", index=False)
        arguments += [f"--{side}", f"{side}.csv"]
    return arguments


@pytest.mark.parametrize(
    ("classes", "backend", "told"),
    [
        (("$", "$$", "$$$"), "", []),
        (("tab\x0bbed", "dog", "fox"), "", []),
        (("🦊", "犬", "قطة"), "", ["no font of this machine has "]),
        (("cat", "dog", "fox"), "module://matplotlib_inline.backend_inline", []),
        (("cat", "dog", "fox"), "nonsense", []),
    ],
)
def test_an_audit_of_files_draws_class_names_as_they_are(
    classes: tuple[str, ...], backend: str, told: list[str], tmp_path: Path
) -> None:
    arguments = predictions(tmp_path, classes)
    command = [sys.executable, "-c", "from lesion.cli import main; main()", "audit", *arguments, "--out", "out"]
    environment = os.environ | ({"MPLBACKEND": backend} if backend else {})
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    lines = ended.stderr.splitlines()
    if not told:
        assert lines == []
    assert all(line.startswith(told[0]) for line in lines)
    svg = (tmp_path / "out" / "figures" / "classes.svg").read_text()
    ElementTree.fromstring(svg)
    shown = [name.replace("\x0b", r"\x0b") for name in classes]
    if not told:
        assert all(f"<!-- {name} -->" in svg for name in shown)
    page = (tmp_path / "out" / "index.html").read_text()
    assert "\x0b" not in page
    assert all(re.search(rf"<t[dh][^>]*>{re.escape(name)}</t[dh]>", page) for name in shown)


@pytest.mark.parametrize("backend", ["svg", "nonsense", ""])
def test_the_users_own_backend_stays_chosen(backend: str) -> None:
    program = f"""
import os, lesion.views.figures.style, matplotlib
assert os.environ["MPLBACKEND"] == {backend!r}
assert {backend!r} != "svg" or matplotlib.rcParams["backend"] == "svg"
"""
    subprocess.run([sys.executable, "-c", program], env=os.environ | {"MPLBACKEND": backend}, check=True)
