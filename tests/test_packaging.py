"""The files that repeat what another says are in step with it, and the wheel serves whoever installs it."""

import csv
import json
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lesion
from lesion.params.document import read_yaml
from lesion.params.file import Params
from lesion.pipeline.dvc import dvc_text
from lesion.pipeline.project import project

pytestmark = pytest.mark.xdist_group("wheel")  # one worker builds it

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = {Requirement(line) for line in LOCK.splitlines() if not line.startswith("#")}


def reached(name: str, *extras: str) -> set[str]:
    """Names of the distributions that installing `name` brings here, from the metadata of those that are installed."""
    waiting, found = [(canonicalize_name(name), extra) for extra in ("", *extras)], set[tuple[str, str]]()
    while waiting:
        found.add(here := waiting.pop())
        for asked in needs(here[0]):
            if asked.marker is None or asked.marker.evaluate({"extra": here[1]}):
                further = {(canonicalize_name(asked.name), extra) for extra in ("", *asked.extras)}
                waiting.extend(further - found)
    return {name for name, _ in found} - {"lesion"}


def needs(name: str) -> list[Requirement]:
    """What a distribution requires; of Lesion itself what pyproject.toml says, whatever was installed once."""
    texts = distribution(name).requires or []
    if name == "lesion":
        texts = list(PROJECT["dependencies"])
        for extra, more in PROJECT["optional-dependencies"].items():
            texts += [f"{text} ; extra == '{extra}'" for text in more]
    return [Requirement(text) for text in texts]


def test_the_lock_pins_all_that_the_project_brings() -> None:
    assert all(len(pin.specifier) == 1 and str(pin.specifier).startswith("==") for pin in LOCKED)
    locked = {canonicalize_name(pin.name) for pin in LOCKED if pin.marker is None or pin.marker.evaluate()}
    assert reached("lesion", "train", "dev") <= locked
    asked = [Requirement(text) for texts in PROJECT["optional-dependencies"].values() for text in texts]
    assert {canonicalize_name(one.name) for one in asked} - {"lesion"} <= locked


def test_conda_gets_what_the_pipeline_brings_at_the_versions_of_the_lock() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    [pip] = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    pins = {Requirement(line) for line in pip}
    # The lock pins more packages, some of which ask for one on every platform.
    assert {(pin.name, pin.specifier) for pin in pins} <= {(pin.name, pin.specifier) for pin in LOCKED}
    assert reached("lesion", "train") <= {canonicalize_name(pin.name) for pin in pins}


def test_the_schema_is_that_of_the_typed_params() -> None:
    schema = json.loads((ROOT / "workflow" / "schemas" / "params.schema.json").read_text())
    assert schema == Params.model_json_schema(), "write it anew: lesion schema > workflow/schemas/params.schema.json"


def test_dvc_yaml_is_that_of_the_declared_steps() -> None:
    graph, _ = project(read_yaml(ROOT / "params.yaml"))
    assert (ROOT / "dvc.yaml").read_text(encoding="utf-8") == dvc_text(graph), "write it anew: lesion dvc"


def test_the_citation_names_the_version() -> None:
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == lesion.__version__


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with what is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [found] = folder.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_the_sources_and_the_licence_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.endswith("/")}
        [licence] = [archive.read(name) for name in held if name.endswith("LICENSE")]
    sources = {
        str(path.relative_to(ROOT / "src"))
        for path in (ROOT / "src" / "lesion").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in held if ".dist-info/" not in name} == sources
    assert "lesion/py.typed" in sources
    assert any(name.endswith(".jinja") for name in sources)
    assert licence == (ROOT / "LICENSE").read_bytes()


def test_the_metadata_names_licence_authors_and_home(metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Author"] == "Lesion contributors"
    addresses = [entry.partition(", ")[2] for entry in metadata.get_all("Project-URL", [])]
    assert addresses
    assert all(address.startswith("https://") for address in addresses)


def test_every_link_of_the_description_is_absolute(metadata: Message) -> None:
    """PyPI shows the README without the files beside it."""
    description = str(metadata.get_payload())
    links = re.findall(
        r"\]\(([^)\s]+)|(?:src|href)=[\"']([^\"']+)|^\[[^\]]+\]:\s*(\S+)", description, flags=re.MULTILINE
    )
    targets = [target for groups in links for target in groups if target]
    assert targets
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []


def test_links_to_the_repository_lead_to_files_of_it(metadata: Message) -> None:
    texts = [str(metadata), *(path.read_text() for path in (ROOT / "docs").rglob("*.md"))]
    home = r"https://(?:github\.com|raw\.githubusercontent\.com)/lesion-audit/lesion/(?:blob/|tree/)?main/([^)#\s]+)"
    paths = {path for text in texts for path in re.findall(home, text)}
    assert paths
    assert {path for path in paths if not (ROOT / path).exists()} == set()


def files_of(name: str) -> Iterator[tuple[str, Path]]:
    """Topmost files and folders of a distribution under site-packages, and where they lie."""
    site = Path(sysconfig.get_path("purelib"))
    for top in {file.parts[0] for file in distribution(name).files or [] if file.parts[0] != ".."}:
        yield top, site / top


@pytest.fixture(scope="session")
def base(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment as `pip install lesion` leaves it: the wheel and what its metadata requires, without extras.

    What it requires is linked from this environment, so that nothing is downloaded.
    """
    folder = tmp_path_factory.mktemp("base")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    [site] = folder.glob("lib/python*/site-packages")
    for name in reached("lesion"):
        for top, place in files_of(name):
            if not (site / top).exists():
                (site / top).symlink_to(place)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)  # the wheel is pure Python: that installs it
    return folder / "bin" / "python"


LESION = """
from importlib.metadata import entry_points
[script] = entry_points(group="console_scripts", name="lesion")
script.load()()
"""


def run(python: Path, code: str, *arguments: str, folder: Path) -> str:
    """What `code` prints, run in `folder` by an interpreter that knows nothing of this one's environment."""
    command, bare = [str(python), "-c", code, *arguments], {"LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("extra", ["pipeline", "train"])
def test_the_base_has_none_of_the_extras(extra: str, base: Path, tmp_path: Path) -> None:
    code = "from importlib.metadata import distributions\nfor found in distributions(): print(found.name)"
    present = {canonicalize_name(name) for name in run(base, code, folder=tmp_path).split()}
    assert "numpy" in present
    drawn_from = {"pillow", "pygments"}  # matplotlib and rich bring them
    asked = {canonicalize_name(Requirement(text).name) for text in PROJECT["optional-dependencies"][extra]}
    assert present & asked - {"lesion"} <= drawn_from


@pytest.mark.parametrize("code", ["import lesion", "from lesion.audit.estimator import Audit; Audit"])
def test_the_base_imports(code: str, base: Path, tmp_path: Path) -> None:
    run(base, code, folder=tmp_path)


def test_the_base_audits_a_csv(base: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 40)
    for name, wrong in (("before", 0.1), ("after", 0.4)):
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["example_id", "member", "label", "prediction", "site"])
            for member in range(4):
                answers = np.where(rng.random(40) < wrong, (label + 1) % 3, label)
                rows.writerows([n, member, label[n], answers[n], "ab"[n % 2]] for n in range(40))
    run(base, LESION, "audit", "--dense", "before.csv", "--compressed", "after.csv", "--out", "out", folder=tmp_path)
    assert "What compression changed" in (tmp_path / "out" / "index.html").read_text()
    changes = list(csv.DictReader((tmp_path / "out" / "impact.csv").open()))
    assert [row["class"] for row in changes] == ["0", "1", "2"]


def test_the_base_shows_its_help(base: Path, tmp_path: Path) -> None:
    assert "audit" in run(base, LESION, "--help", folder=tmp_path)
