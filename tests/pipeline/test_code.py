"""What an edit of a source file touches, against a walk of our own over the imports in the sources."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lesion import plugins
from lesion.params.document import read_yaml
from tests.conftest import REPOSITORY, write_params

SOURCES = REPOSITORY / "src" / "lesion"
NEW = "compress/scores/added.py"
EDITED = [
    *(
        "views/figures/style.py",
        "views/figures/impact.py",
        "views/gallery/page.py",
        "views/gallery/template.html.jinja",
    ),
    *("audit/statistics/pie.py", "audit/statistics/impact.py", "audit/comparison/populations.py"),
    *("compress/scores/magnitude.py", "compress/schedules/gradual.py", "compress/methods/int8_static.py"),
    *("compress/regrowths/exchange.py", "compress/scores/random_draw.py", "compress/regrowths/surgery.py"),
    *("compress/shapes/weight.py", "compress/shapes/filter.py", "compress/grouping.py", "compress/choice.py"),
    *("compress/masks.py", "compress/encoding.py", "compress/methods/dense.py", "compress/methods/prune.py"),
    *(
        "train/loop.py",
        "data/augment.py",
        "data/sample.py",
        "predict/evaluate.py",
        "models/small_cnn.py",
        "models/__init__.py",
    ),
    *("data/sets/digits.py", "data/sets/mnist_8x8.py", "data/corruptions/noise.py"),
    *("artifacts/paths.py", "params/impact.py", "params/recipe.py", "errors.py", "__init__.py", "cli/project.py"),
]

SET = {  # grows at random: an axis of the variant names another module in turn
    "method": "prune",
    "sparsity": 0.8,
    "score": "magnitude",
    "shape": "weight",
    "allocation": "erk",
    "schedule": "at-initialisation",
    "regrowth": {
        "name": "exchange", "drop": "magnitude", "grow": "random-draw", "fraction": 0.3, "decay": "constant",
        "every": 0.02, "end": 0.8,
    },
}  # fmt: skip

SCRIPT = """
import importlib, json, sys
from pathlib import Path

import lesion
from lesion.params.document import read_yaml
from lesion.pipeline import code
from lesion.pipeline.project import project
from lesion.pipeline.version import modules

graph, _ = project(read_yaml(Path(sys.argv[1])))
loaded = {}
for node in graph.nodes():
    names = [value for name, value in node.names.items() if name != "shard"]
    loaded["/".join([node.step, *names])] = modules(graph, node)
root = Path(lesion.__file__).parent

def versions():
    importlib.reload(code)  # forgets what it has read
    return {node: code.code_version(named) for node, named in loaded.items()}

before, changed = versions(), {}
for edit in json.loads(sys.argv[2]):
    path = root / edit["file"]
    old = path.read_bytes() if path.exists() else None
    path.write_bytes((old or b"").replace(edit["old"].encode(), edit["new"].encode()) + edit["end"].encode())
    after = versions()
    changed[edit["name"]] = [node for node in before if after[node] != before[node]]
    path.write_bytes(old) if old is not None else path.unlink()
assert versions() == before
print(json.dumps({"root": str(root), "changed": changed, "loaded": loaded}))
"""


def edit(name: str, file: str, *, old: str = "\0", new: str = "", end: str = "") -> dict[str, str]:
    """An edit of a source file: a text replaced, another put at its end."""
    return {"name": name, "file": file, "old": old, "new": new, "end": end}


EDITS = [edit(file, file, end="\nEDITED = 1\n") for file in (*EDITED, NEW)]
SILENT = [
    edit("a comment", "train/loop.py", end="\n# Edited.\n"),
    edit("a docstring", "artifacts/tables.py", old='"""Tables in', new='"""Edited tables in'),
    edit("a blank line", "train/loop.py", old="\n\n\n", new="\n\n\n\n"),
    edit("line ends", "train/loop.py", old="\n", new="\r\n"),
    edit("line ends of a template", "views/gallery/template.html.jinja", old="\n", new="\r\n"),
    edit("a release", "__init__.py", old='__version__ = "', new='__version__ = "9.'),
    edit("an export", "audit/__init__.py", end="\nfrom lesion.errors import InputError\n__all__ = ['InputError']\n"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """For each edited file, the nodes whose code version changes; for each node, the modules that it loads."""
    folder = tmp_path_factory.mktemp("edited")
    shutil.copytree(SOURCES, folder / "lesion", ignore=shutil.ignore_patterns("__pycache__"))
    params = read_yaml(REPOSITORY / "params.yaml")
    params["variants"]["set-80"] = SET
    params["active"]["trained"] = [*params["active"]["trained"], "set-80"]
    write_params(folder, params)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder / "params.yaml"), json.dumps([*EDITS, *SILENT])],
        env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["root"] == str(folder / "lesion")
    return told


def file_of(module: str) -> Path | None:
    """The source of a module of the package, or None."""
    path = SOURCES.parent / Path(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()), None)


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All that may run: not what stands under `if TYPE_CHECKING`."""
    yield node
    if not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
        for child in ast.iter_child_nodes(node):
            yield from statements(child)


def imported(module: str) -> Iterator[str]:
    """What a module names in its import statements, wherever they stand, and the packages around it."""
    file = file_of(module)
    assert file is not None
    for statement in statements(ast.parse(file.read_text())):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.module
            assert not statement.level
            yield statement.module
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)
    if "." in module:
        yield module.rpartition(".")[0]


@cache
def reached(modules: tuple[str, ...]) -> frozenset[str]:
    """The source files that these modules import, transitively, relative to the package."""
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module.split(".")[0] == "lesion" and module not in seen and file_of(module):
            seen.add(module)
            waiting += imported(module)
    return frozenset(str(file.relative_to(SOURCES)) for module in seen if (file := file_of(module)))


@pytest.mark.parametrize("file", EDITED)
def test_an_edit_touches_the_nodes_that_reach_the_file(file: str, found: dict[str, Any]) -> None:
    source = "views/gallery/__init__.py" if file.endswith(".jinja") else file
    expected = [node for node, modules in found["loaded"].items() if source in reached(tuple(modules))]
    assert found["changed"][file] == expected


@pytest.mark.parametrize("name", [one["name"] for one in SILENT])
def test_an_edit_that_changes_nothing_that_runs_touches_no_node(name: str, found: dict[str, Any]) -> None:
    assert found["changed"][name] == []


def touched(found: dict[str, Any], file: str) -> set[str]:
    return set(found["changed"][file])


def steps(nodes: set[str]) -> set[str]:
    return {node.split("/")[0] for node in nodes}


def test_the_style_of_figures_is_no_business_of_what_they_show(found: dict[str, Any]) -> None:
    assert steps(touched(found, "views/figures/style.py")) == {
        "figure-impact",
        "figure-subgroups",
        "figure-reliability",
        "figure-foresight",
        "figure-counts",
        "figure-pie-accuracy",
        "figure-robustness",
        "figure-size",
        "figure-pie-sheet",
    }
    assert touched(found, "views/figures/impact.py") == {"figure-impact/digits"}
    assert steps(touched(found, "views/gallery/template.html.jinja")) == {"gallery"}


def test_the_audit_trains_nothing(found: dict[str, Any]) -> None:
    for file in ("audit/statistics/pie.py", "audit/statistics/impact.py", "params/impact.py"):
        assert steps(touched(found, file)) & {"impact", "pie"}
        assert not steps(touched(found, file)) & {"data", "adversarial", "train", "compress", "predict", "robustness"}


@pytest.mark.parametrize(
    "file", ["compress/scores/magnitude.py", "compress/schedules/gradual.py", "compress/shapes/weight.py"]
)
def test_an_axis_of_pruning_is_the_code_of_pruned_trainings_alone(file: str, found: dict[str, Any]) -> None:
    nodes = {f"train/digits/gmp-{percent}" for percent in (30, 50, 70, 90)}
    assert touched(found, file) == nodes | (
        {"train/digits/set-80"} if file != "compress/schedules/gradual.py" else set()
    )


def test_what_an_axis_names_in_turn_is_the_code_of_its_variants_alone(found: dict[str, Any]) -> None:
    for file in ("compress/scores/random_draw.py", "compress/regrowths/exchange.py"):
        assert touched(found, file) == {"train/digits/set-80"}
    for file in ("compress/regrowths/surgery.py", "compress/shapes/filter.py"):
        assert touched(found, file) == set()


def test_a_variant_names_its_method_its_axes_and_what_they_name() -> None:
    expected = {
        "methods.prune", "scores.magnitude", "shapes.weight", "allocations.erk", "schedules.at_initialisation",
        "regrowths.exchange", "scores.random_draw",
    }  # fmt: skip
    assert set(plugins.variant_modules(SET)) == {f"lesion.compress.{module}" for module in expected}
    assert plugins.variant_modules({"method": "dense"}) == ["lesion.compress.methods.dense"]
    learnt = {"method": "learn-masks", "regulariser": {"name": "ltp"}}
    modules = ["lesion.compress.methods.learn_masks", "lesion.compress.regularisers.ltp"]
    assert plugins.variant_modules(learnt) == modules


def test_a_method_is_the_code_of_its_variants_alone(found: dict[str, Any]) -> None:
    nodes = touched(found, "compress/methods/int8_static.py")
    variants = ("int8-static", "gmp-90-int8")
    assert nodes == {f"{step}/digits/{name}" for step in ("compress", "predict", "robustness") for name in variants}


def test_corruptions_are_the_code_of_robustness_alone(found: dict[str, Any]) -> None:
    assert {node for node in touched(found, "data/corruptions/noise.py") if not node.startswith("figure-")} == {
        node for node in found["loaded"] if node.startswith("robustness/")
    }


def test_what_everything_imports_touches_everything(found: dict[str, Any]) -> None:
    for file in ("__init__.py", "errors.py"):
        assert touched(found, file) == set(found["loaded"])


def test_the_command_line_and_a_module_that_nobody_names_touch_nothing(found: dict[str, Any]) -> None:
    assert touched(found, "cli/project.py") == set()
    assert touched(found, NEW) == set()
