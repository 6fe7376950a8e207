"""docs/GATE.md: its example is run as it stands, and so is its job for GitHub Actions, as far as that goes here."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lesion.audit.gate.budget import read_budget
from lesion.audit.gate.verdict_file import CandidateJudged, Input, LimitJudged, VerdictFile
from lesion.params.file import Params
from tests.conftest import tiny

GATE = (Path(__file__).parents[1] / "docs" / "GATE.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    """The block of code below `<!-- name -->`."""
    [found] = re.findall(rf"<!-- {re.escape(name)} -->\n\n```\w*\n(.*?)```", GATE, flags=re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the predictions and the budget of the document, and programs that stand for pip and gh."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "budget.yaml").write_text(block("budget.yaml"), encoding="utf-8")
    subprocess.run([sys.executable, "-c", block("made_up.py")], cwd=folder, check=True)
    for name in ("pip", "gh"):
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> "{folder}/{name}.txt"\n')
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
    return folder


def run(checkout: Path, script: str) -> subprocess.CompletedProcess[str]:
    """A step, by the shell that GitHub runs it with."""
    programs = os.pathsep.join([str(checkout / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    known = {"PATH": programs, "GITHUB_STEP_SUMMARY": str(checkout / "summary.md"), "NUMBER": "7"}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=checkout, env=os.environ | known, capture_output=True, text=True, check=False)


def steps() -> list[dict[str, Any]]:
    [job] = yaml.safe_load(block("workflow"))["jobs"].values()
    return list(job["steps"])


def judge() -> str:
    [script] = [step["run"] for step in steps() if step.get("name") == "Judge"]
    return str(script)


@pytest.fixture(scope="module")
def judged(checkout: Path) -> subprocess.CompletedProcess[str]:
    return run(checkout, judge())


def test_the_example_says_what_the_document_shows(judged: subprocess.CompletedProcess[str]) -> None:
    assert judged.returncode == 1, judged.stderr
    assert block("said") in judged.stdout
    assert judged.stderr == ""


def test_the_command_at_the_top_is_that_of_the_job() -> None:
    [command] = re.findall(r"^lesion audit .* --out audit/$", GATE, flags=re.MULTILINE)
    assert command.removesuffix("/").split() == judge().split()


def test_the_job_is_one_and_its_steps_run(checkout: Path, judged: subprocess.CompletedProcess[str]) -> None:
    workflow = yaml.safe_load(block("workflow"))
    assert workflow[True] == "pull_request"  # `on`, as YAML 1.1 reads it
    assert workflow["permissions"] == {"contents": "read"}
    for step in steps():
        assert ("run" in step) != ("uses" in step)
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
    uploaded = [step["with"]["path"] for step in steps() if "upload" in step.get("uses", "")]
    assert [(checkout / path / "index.html").is_file() for path in uploaded] == [True]
    for step in steps():
        for file in re.findall(r"hashFiles\('(.+?)'\)", step.get("if", "")):
            assert (checkout / file).is_file()
        if "run" in step and step.get("name") != "Judge":
            assert run(checkout, step["run"]).returncode == 0
    assert (checkout / "pip.txt").read_text() == "pip install lesion\n"
    assert (checkout / "summary.md").read_bytes() == (checkout / "audit" / "verdict.md").read_bytes()


def test_the_comment_is_what_was_judged(checkout: Path, judged: subprocess.CompletedProcess[str]) -> None:
    [step] = yaml.safe_load(block("comment"))
    assert run(checkout, step["run"]).returncode == 0
    said = (checkout / "gh.txt").read_text().split()
    assert said[:3] == ["gh", "pr", "comment"]
    assert (checkout / said[-1]).is_file()


@pytest.mark.parametrize(
    ("budget", "strict", "lenient"),
    [("all: {loss: 90}", 0, 0), ("all: {loss: 90, examples: 9999}", 3, 0), ("all: {loss: 0.1}", 1, 1), ("al: 1", 2, 1)],
)
def test_who_wants_it_may_let_inconclusive_pass(checkout: Path, budget: str, strict: int, lenient: int) -> None:
    (checkout / "other.yaml").write_text(f"version: 1\n{budget}\n")
    script = judge().replace("budget.yaml", "other.yaml").replace("--out audit", "--out other").strip()
    assert run(checkout, script).returncode == strict
    assert run(checkout, f"{script} {block('lenient')}").returncode == lenient


def test_exit_codes_are_those_of_the_table() -> None:
    rows = dict(re.findall(r"^\| (\d) \| (\w+)", GATE, flags=re.MULTILINE))
    assert rows == {"0": "passed", "1": "failed", "3": "inconclusive", "2": "bad"}


def test_every_key_of_a_verdict_is_described(checkout: Path, judged: subprocess.CompletedProcess[str]) -> None:
    described = GATE.split("## verdict.json")[1].split("## From Python")[0]
    for part in (VerdictFile, CandidateJudged, Input, LimitJudged):
        for key in part.model_fields:
            assert re.search(rf"`{key}(\[\])?`", described), key
    assert json.loads((checkout / "audit" / "verdict.json").read_text())["version"] == 1


def test_the_budget_of_a_study_is_one(checkout: Path) -> None:
    params, study = tiny(), yaml.safe_load(block("study"))["studies"]["digits"]
    params["studies"]["digits"] |= study
    assert Params.read(params, where="").studies["digits"].budget is not None
    assert read_budget(checkout / "budget.yaml").notes == ()
