"""Adopting: one engine records as its own what the other has made."""

import re
import subprocess
from pathlib import Path

from lesion.errors import InputError
from lesion.params.document import read_yaml
from lesion.pipeline.dvc import write_dvc
from lesion.pipeline.graph import Graph


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return done.stdout + done.stderr


def adopt(engine: str) -> None:
    """Let `engine` (dvc or snakemake) take over what the other made.

    An engine accepts any file that it finds. So this is refused while the other engine has work left.

    Raises
    ------
    InputError
        If the other engine has work left, or `engine` is neither of the two.
    """
    if not Path("params.yaml").exists():
        raise InputError("params.yaml: not in this folder")
    if engine == "dvc":
        if "Nothing to be done" not in _output("snakemake", "--dry-run"):
            raise InputError("snakemake has work left: run it first, for DVC would record stale files as good")
        write_dvc(Graph(read_yaml()))
        _output("dvc", "repro", "versions")
        _output("dvc", "commit", "--force")
    elif engine == "snakemake":
        planned = re.findall(r"Running stage '(.+)'", _output("dvc", "repro", "--allow-missing", "--dry"))
        if planned:
            raise InputError(f"dvc has work left ({planned[0]} first): run `dvc repro --allow-missing`")
        _output("snakemake", "--touch", "--forceall", "--cores", "1")
    else:
        raise InputError(f"adopt: dvc or snakemake is expected, found {engine!r}")
