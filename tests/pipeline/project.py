"""A copy of the project with a tiny study, on which both engines run for real."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import yaml
from dvc.repo import Repo

from lesion.data.sets.digits import Options, load

EXTERNAL = "elsewhere.csv"
ROOT = Path(__file__).resolve().parents[2]
TRACKED = ("Snakefile", "dvc.yaml", "params.yaml", "profiles", "workflow", "src", ".dvc/config", ".dvc/.gitignore",
           ".dvcignore", ".gitignore", "environment.yml", "Makefile")  # fmt: skip


def tiny(params: dict[str, Any]) -> dict[str, Any]:
    """The default params, cut to what is seconds: four members, a variant of each kind and a chain, few epochs."""
    params["active"] |= {"trained": ["gmp-50"], "derived": ["int8-static", "gmp-50-int8"], "external": ["elsewhere"]}
    params["active"]["shards"] = ["0-3"]
    params["variants"]["elsewhere"] = {"method": "external", "predictions": EXTERNAL, "members": "0-1"}
    study = params["studies"]["digits"]
    study["recipe"] |= {"epochs": 2, "warmup": 0.5, "decay": [1]}
    study["robustness"] |= {"corruptions": ["contrast", "gaussian-noise"], "severities": [2, 5]}
    for name in ("int8-static", "gmp-50-int8"):
        params["variants"][name]["calibration_images"] = 32
    params["audit"]["halves"]["splits"] = 3
    params["audit"]["resamples"]["draws"] = 5
    params["comparison"] |= {"studies": ["digits-catalogue"], "trained": ["gmp-50", "gmp-90"], "derived": []}
    params["comparison"] |= {"shards": ["0-3"], "resamples": 4, "front": {"line": None}}
    params["studies"]["digits-catalogue"]["latency"] = None
    return params


def write_external(path: Path) -> None:
    """Predictions of two models of the digits' test images, right nine times in ten, as a CSV file of anybody's."""
    dataset = load(Options(test_share=0.5, split_seed=5248))
    rng, tested = np.random.default_rng(0), np.flatnonzero(~dataset.train)
    label = dataset.label[tested]
    said = {f"member_{k}": np.where(rng.random(len(label)) < 0.9, label, (label + 1) % 10) for k in (0, 1)}
    pd.DataFrame({"example_id": tested, "label": label, **said}).to_csv(path, index=False)


def _name(stage: Any) -> str:
    return str(stage.name)


class Project:
    """A folder that holds the project, and the engines run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {"PYTHONPATH": str(folder / "src"), "GIT_CONFIG_GLOBAL": os.devnull}

    @classmethod
    def copy(cls, folder: Path) -> "Project":
        """Copy what git tracks and what it needs, with the tiny study; a git repository, since DVC wants one."""
        for name in TRACKED:
            source, target = ROOT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
            else:
                shutil.copy(source, target)
        project = cls(folder)
        write_external(folder / EXTERNAL)
        project.write_params(tiny(project.params()))
        project.run("git", "init", "--quiet")
        project.commit()
        return project

    def duplicate(self, folder: Path) -> "Project":
        """A copy of the whole folder, the engines' records included."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder; its output is shown where a test fails."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        print(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
        if check:
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def commit(self) -> None:
        """Commit everything that git does not ignore."""
        self.run("git", "add", "--all")
        who = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        self.run("git", *who, "commit", "--quiet", "--allow-empty", "--message", "State")

    def params(self) -> dict[str, Any]:
        """params.yaml as plain data."""
        return dict(yaml.safe_load((self.folder / "params.yaml").read_text()))

    def write_params(self, params: dict[str, Any]) -> None:
        """Write params.yaml, which may be a link to another's, and dvc.yaml for it."""
        self._write_params(yaml.safe_dump(params, sort_keys=False))

    def _write_params(self, text: str) -> None:
        (self.folder / "params.yaml").write_text(text)
        self.run("lesion", "dvc")

    def results(self) -> dict[str, bytes]:
        """Every file under results/ with its bytes, less the versions of nodes that DVC alone keeps."""
        files = sorted(path for path in (self.folder / "results").rglob("*") if path.is_file())
        named = {str(path.relative_to(self.folder)): path.read_bytes() for path in files}
        return {name: content for name, content in named.items() if "/versions/" not in name}

    def snakemake_plan(self, *targets: str) -> set[str]:
        """The alphabetically first output of each job that Snakemake would run."""
        text = self.run("snakemake", "--dry-run", *targets).stdout
        return {min(outputs.split(", ")) for outputs in re.findall(r"^    output: (.+)$", text, flags=re.MULTILINE)}

    def dvc_plan(self) -> set[str]:
        """The same of the stages that DVC would run, once the versions of nodes are up to date.

        `dvc status` names the stages whose own dependencies, params or outputs have changed; what lies downstream of
        them runs too, unless an output comes out as it was.
        """
        self.run("dvc", "repro", "--quiet", "versions")
        changed = set(json.loads(self.run("dvc", "status", "--json").stdout))
        graph = self.dvc().index.graph  # from a stage to what it depends on
        stages = {stage.name: stage for stage in graph}
        downstream = {name for stage in changed for name in (stage, *map(_name, nx.ancestors(graph, stages[stage])))}
        return {min(out.def_path for out in stages[name].outs) for name in downstream}

    def dvc(self) -> Repo:
        """The DVC repository, read anew."""
        return Repo(str(self.folder))

    @contextmanager
    def edited(self, name: str, old: str, new: str) -> Iterator[None]:
        """Replace `old` by `new` in a file while the block runs."""
        path = self.folder / name
        before = path.read_text()
        assert before.count(old) >= 1, f"{name} does not hold {old!r}"
        path.write_text(before.replace(old, new, 1))
        try:
            yield
        finally:
            path.write_text(before)

    @contextmanager
    def with_params(self, params: dict[str, Any]) -> Iterator[None]:
        """Other params while the block runs."""
        before = (self.folder / "params.yaml").read_text()
        self.write_params(params)
        try:
            yield
        finally:
            self._write_params(before)
