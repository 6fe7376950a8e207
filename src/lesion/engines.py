"""What binds the two engines: the code versions that DVC depends on, and adopting what the other engine made."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from lesion.artifacts import paths
from lesion.code_version import code_version
from lesion.errors import InputError
from lesion.params.comparison import Comparison
from lesion.params.file import Active, Params
from lesion.steps import COMPARISON_FIGURE, COMPARISON_STEPS, STEPS, modules


def nodes(params: Params) -> Iterator[tuple[str, dict[str, str]]]:
    """Every active (step, names) that has a code version of its own; shards share theirs."""
    steps = [name for name in STEPS if name != "comparison"]
    figures = [name for name in params.figures if name != COMPARISON_FIGURE]
    yield from _nodes(steps, params.active.studies, params.active, figures)
    yield from _nodes(COMPARISON_STEPS, params.active.comparisons, params.comparison, [COMPARISON_FIGURE])


def _nodes(
    steps: Iterable[str], studies: list[str], part: Active | Comparison, figures: list[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    variants = {
        "train": ["dense", *part.trained],
        "compress": part.derived,
        "predict": ["dense", *part.compressed],
        "robustness": ["dense", *part.compressed],
    }
    for name in steps:
        axes = {"study": studies, "variant": variants.get(name, part.compressed), "figure": figures}
        used = [axis for axis in STEPS[name].per if axis in axes]
        for values in product(*(axes[axis] for axis in used)):
            yield name, dict(zip(used, values, strict=True))


def write_code_versions(data: Mapping[str, Any], params: Params) -> None:
    """Write `results/code/…`, a file a node; a file whose version stands is left alone."""
    for step, names in nodes(params):
        path = paths.code(step, **names)
        text = code_version(modules(step, names, data)) + "\n"
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return done.stdout + done.stderr


def adopt(engine: str) -> None:
    """Let `engine` (dvc or snakemake) take over what the other made.

    Each believes whatever files it finds, so the other engine must have nothing left to do.

    Raises
    ------
    InputError
        Where it has, or the engine is not known.
    """
    if not Path("params.yaml").exists():
        raise InputError("params.yaml: not in this folder")
    if engine == "dvc":
        if "Nothing to be done" not in _output("snakemake", "--dry-run"):
            raise InputError("snakemake has work left: run it first, for DVC would record stale files as good")
        _output("dvc", "repro", "code")
        _output("dvc", "commit", "--force")
    elif engine == "snakemake":
        planned = re.findall(r"Running stage '(.+)'", _output("dvc", "repro", "--allow-missing", "--dry"))
        if planned:
            raise InputError(f"dvc has work left ({planned[0]} first): run `dvc repro --allow-missing`")
        _output("snakemake", "--touch", "--forceall", "--cores", "1")
    else:
        raise InputError(f"adopt: dvc or snakemake is expected, found {engine!r}")
