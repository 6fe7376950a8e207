"""A tiny configuration of the real study in a temporary folder, and the command line that runs it."""

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hypothesis import settings

from lesion.params.document import read_yaml
from lesion.pipeline.run import run
from lesion.pipeline.steps import STEPS

REPOSITORY = Path(__file__).parents[1]
SHARDS = ["0-1", "2-3"]
Finished = subprocess.CompletedProcess[str]

torch.set_num_threads(1)  # many small operations: more threads wait for each other
settings.register_profile("untimed", deadline=None)  # a machine may be slow
settings.load_profile("untimed")


def tiny(*, epochs: int = 2) -> dict[str, Any]:
    """params.yaml of the repository with four members in two shards, few epochs, and one variant of each kind."""
    params = read_yaml(REPOSITORY / "params.yaml")
    params["active"] |= {"trained": ["gmp-50"], "derived": ["int8-static"], "shards": SHARDS}
    params["variants"] = {name: params["variants"][name] for name in ("dense", "gmp-50", "int8-static")}
    params["studies"]["digits"]["recipe"] |= {"epochs": epochs, "decay": [max(1, epochs - 1)]}
    params["studies"]["digits"]["robustness"] = {"corruptions": ["gaussian-noise", "pixelate"], "severities": [1, 5]}
    params["audit"]["halves"]["splits"] = 5
    params["comparison"] |= {"trained": ["gmp-50"], "derived": ["int8-static"], "shards": SHARDS, "resamples": 5}
    params["comparison"]["front"] = {"line": None}
    params["studies"]["digits-catalogue"]["latency"] = None
    params["comparison"]["families"] = [
        {"name": "pruned", "methods": ["gmp"]},
        {"name": "quantised", "methods": ["int8-static"]},
    ]
    return params


def study_figures(params: dict[str, Any]) -> list[str]:
    """The figures of an active study: all but those of the comparison, and those that only some studies have."""
    declared = {name: STEPS[f"figure-{name}"] for name in params["figures"]}
    return [name for name, one in declared.items() if one.active and not one.only_with and not one.only_made]


def write_params(folder: Path, params: dict[str, Any]) -> None:
    """Write params.yaml into `folder`, lists and mappings in their order."""
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


def step(name: str, **names: str) -> None:
    """Run one node in this process, in the current folder."""
    run(f"figure-{names.pop('figure')}" if name == "figure" else name, names)


def lesion(*arguments: str, cwd: Path) -> Finished:
    """Run the command line as a person does."""
    command = shutil.which("lesion", path=str(Path(sys.executable).parent))
    assert command is not None
    return subprocess.run([command, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(autouse=True)
def keep_denormals() -> None:
    """Steps that compute let the processor flush denormals; a test of numbers needs them, and so does hypothesis."""
    torch.set_flush_denormal(False)


@pytest.fixture
def tiny_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter an empty folder that holds the tiny params.yaml and nothing else."""
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path, tiny())
    return tmp_path


@pytest.fixture(scope="session")
def predicted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study, run up to predictions and robustness of its first shard; not to be written to."""
    folder = tmp_path_factory.mktemp("predicted")
    write_params(folder, tiny())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        step("data", study="digits")
        step("adversarial", study="digits")
        for name, variants in {
            "train": ["dense", "gmp-50"],
            "compress": ["int8-static"],
            "predict": ["dense", "gmp-50", "int8-static"],
            "robustness": ["dense", "gmp-50", "int8-static"],
        }.items():
            for variant in variants:
                step(name, study="digits", variant=variant, shard=SHARDS[0])
    return folder


@pytest.fixture
def predicted(predicted_once: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter the tiny study that is run up to its predictions; not to be written to."""
    monkeypatch.chdir(predicted_once)
    return predicted_once


@pytest.fixture
def predicted_copy(predicted_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a copy of the tiny study that is run up to its predictions, to be written to."""
    shutil.copytree(predicted_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str]]]:
    """The command line in this process: exit code and the lines on standard error."""

    def call(*arguments: str) -> tuple[int, list[str]]:
        from lesion import cli

        monkeypatch.setattr(sys, "argv", ["lesion", *arguments])
        monkeypatch.setattr(logging.root, "handlers", [])  # as in a new process
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return code or 0, capfd.readouterr().err.splitlines()

    return call
