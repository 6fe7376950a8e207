"""Time and peak memory of a command, and the project copied to a folder of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("Snakefile", "dvc.yaml", "params.yaml", "environment.yml", "profiles", "workflow", "src", ".dvc/config",
          ".dvc/.gitignore", ".dvcignore", ".gitignore")  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes
    ----------
    seconds : by the clock
    processor : of processor time, of all processes that it started, too
    peak_mib : peak memory of its process (of the largest, if it starts others), MiB
    output : what it printed
    """

    seconds: float
    processor: float
    peak_mib: float
    output: str

    def over(self, floor: "Cost") -> str:
        """This cost as text, and as a multiple of a floor by the clock and in processor time."""
        return (
            f"{self.seconds:.1f} s, {self.processor:.1f} s of processor time: {self.seconds / floor.seconds:.2f} and "
            f"{self.processor / floor.processor:.2f} × floor"
        )


def cost(*command: str, cwd: Path) -> Cost:
    """Run a command to its end; RuntimeError with its last lines where it fails."""
    environment = os.environ | {"PYTHONPATH": str(cwd / "src") if (cwd / "src").exists() else str(ROOT / "src")}
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read().decode()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{printed[-2000:]}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, printed)


@contextmanager
def project() -> Iterator[Path]:
    """A copy of the project in a temporary folder, a git repository since DVC wants one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for item in NEEDED:
            source, target = ROOT / item, folder / item
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
            else:
                shutil.copy(source, target)
        cost("git", "init", "--quiet", cwd=folder)
        yield folder


def change_params(folder: Path, **changes: Any) -> None:
    """Set top-level keys of params.yaml to other values."""
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes, sort_keys=False))


def row(what: str, value: str, budget: str = "") -> None:
    """Print one line of a Markdown table."""
    print(f"| {what} | {value} | {budget} |", flush=True)
