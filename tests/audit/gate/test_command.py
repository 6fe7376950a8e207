"""`lesion audit --budget`: exit codes, files, and what is said."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesion.audit.gate.contract import FILES
from tests.conftest import lesion

Main = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Predictions of dense, of a good and of a bad candidate, and a folder to work in."""
    rng = np.random.default_rng(3)
    label = np.tile(["cat", "dog"], 1500)
    table = pd.DataFrame({"example_id": np.arange(3000), "label": label, "kind": np.repeat(["day", "night"], 1500)})
    other = np.where(label == "cat", "dog", "cat")
    wrong = rng.random(3000) < 0.05
    flips = {
        "dense": np.zeros(3000, dtype=bool),
        "good": rng.random(3000) < 0.002,
        "bad": (np.arange(3000) >= 1500) & (rng.random(3000) < 0.2),
    }
    for name, flipped in flips.items():
        said = np.where(wrong ^ flipped, other, label)
        table.assign(prediction=said).to_csv(tmp_path / f"{name}.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(budget: str) -> None:
    Path("budget.yaml").write_text(f"version: 1\n{budget}\n")


def run(main: Main, *candidates: str) -> tuple[int, list[str]]:
    given = [word for name in candidates for word in ("--compressed", f"{name}.csv")]
    return main("audit", "--dense", "dense.csv", *given, "--budget", "budget.yaml", "--out", "out")


@pytest.mark.parametrize(
    ("budget", "candidates", "code", "status"),
    [
        ("all: {loss: 3.0}", ["good"], 0, "passed"),
        ("all: {loss: 3.0}", ["bad"], 1, "failed"),
        ("all: {loss: 3.0}", ["good", "bad"], 1, "failed"),
        ("all: {loss: 3.0, examples: 5000}", ["good"], 3, "inconclusive"),
        ("every_group: {kind: {loss: 3.0}}\nall: {loss: 0.1}", ["good"], 3, "inconclusive"),
    ],
)
def test_exit_codes_and_files(
    files: Path, main: Main, budget: str, candidates: list[str], code: int, status: str
) -> None:
    written(budget)
    assert run(main, *candidates)[0] == code
    assert {name for name in FILES if (files / "out" / name).exists()} == set(FILES)
    found = json.loads((files / "out" / "verdict.json").read_text())
    assert found["status"] == status
    assert [one["name"] for one in found["candidates"]] == candidates
    assert found["budget"]["name"] == "budget.yaml"
    page = (files / "out" / "index.html").read_text()
    assert all(f'href="{name}"' in page for name in FILES)


def test_inputs_are_told_with_their_digests(files: Path, main: Main) -> None:
    written("all: {loss: 3.0}")
    run(main, "good", "bad")
    for one in json.loads((files / "out" / "verdict.json").read_text())["candidates"]:
        assert [given["name"] for given in one["inputs"]] == ["dense.csv", f"{one['name']}.csv"]
        for given in one["inputs"]:
            content = (files / given["name"]).read_bytes()
            assert (given["sha256"], given["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
            assert given["read_as"].startswith("CSV")


def test_the_group_that_pays_is_named(files: Path, main: Main) -> None:
    written("every_group: {kind: {loss: 3.0}}")
    run(main, "bad")
    [failed] = [line for line in (files / "out/verdict.md").read_text().splitlines() if line.endswith("❌ failed |")]
    assert "Accuracy of kind night" in failed


def test_without_a_budget_no_verdict_is_left_and_the_code_is_0(files: Path, main: Main) -> None:
    written("all: {loss: 3.0}")
    assert run(main, "bad")[0] == 1
    assert main("audit", "--dense", "dense.csv", "--compressed", "bad.csv", "--out", "out")[0] == 0
    assert not [name for name in FILES if (files / "out" / name).exists()]


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("all: {los: 3.0}", "lesion: budget.yaml: all.los: there is no such key (the nearest is loss)"),
        ("classes: {cta: {loss: 3.0}}", "lesion: budget.yaml: classes: there is no class 'cta' (the nearest is cat)"),
        ("all: {ece: 3.0}", "lesion: budget.yaml: ece: the confidence of each answer is needed on both sides"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(files: Path, main: Main, budget: str, said: str) -> None:
    written(budget)
    assert run(main, "good") == (2, [said])
    assert not (files / "out").exists()


def test_equal_runs_give_equal_bytes(files: Path, main: Main) -> None:
    written("all: {loss: 3.0, broken: 4.0}\nevery_class: {loss: 5.0}")
    run(main, "good", "bad")
    before = {name: (files / "out" / name).read_bytes() for name in FILES}
    run(main, "good", "bad")
    assert {name: (files / "out" / name).read_bytes() for name in FILES} == before


def test_an_example_is_written_for_the_files_and_passes_a_model_that_is_the_same(files: Path, main: Main) -> None:
    given = ["--dense", "dense.csv", "--compressed", "good.csv"]
    assert main("audit", *given, "--write-budget", "budget.yaml")[0] == 0
    text = (files / "budget.yaml").read_text()
    assert "#   cat: {loss: 2.0}" in text
    assert "#     night: {loss: 2.0}" in text
    assert not (files / "out").exists()
    assert run(main, "good")[0] == 0
    code, said = main("audit", "--write-budget", "budget.yaml")
    assert (code, said) == (2, ["lesion: budget.yaml: is there already, and is not overwritten"])


def test_what_is_missing_is_named(files: Path, main: Main) -> None:
    assert main("audit", "--dense", "dense.csv")[1] == [
        "lesion: audit: expected --dense, --compressed and --out; --help tells what each is"
    ]
    assert main("audit", "--dense", "dense.csv", "--write-budget", "b.yaml")[1] == [
        "lesion: audit: --write-budget takes both --dense and --compressed, or neither"
    ]


def test_findings_as_json_hold_the_verdicts(files: Path) -> None:
    written("all: {loss: 3.0}")
    given = ["--dense", "dense.csv", "--compressed", "bad.csv", "--budget", "budget.yaml", "--out", "out"]
    done = lesion("audit", *given, "--json", cwd=files)
    assert (done.returncode, done.stderr) == (1, "")
    verdict = json.loads((files / "out" / "verdict.json").read_text())
    assert json.loads(done.stdout)["verdicts"] == verdict["candidates"]


def test_a_budget_may_come_from_a_pipe(files: Path) -> None:
    words = "lesion audit --dense dense.csv --compressed bad.csv --out out --quiet"
    script = f"{words} --budget <(echo 'version: 1'; echo 'all: {{loss: 3.0}}')"
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(["bash", "-c", script], cwd=files, env=os.environ | {"PATH": programs}, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
