"""The example of docs/DEPLOY.md, run as it stands there, on fewer files."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import magika
import pandas as pd
import pytest
from typer.testing import CliRunner

from lesion.cli.app import app

TEXT = (Path(__file__).parents[2] / "docs" / "DEPLOY.md").read_text(encoding="utf-8")
[CODE] = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
[COMMANDS] = [block for block in re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL) if "files.py" in block]
FEWER = (("EACH = 40", "EACH = 3"), ('FOLDERS = ("stdlib", "purelib")', 'FOLDERS = ("stdlib",)'))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands ran, but for the audit."""
    where = tmp_path_factory.mktemp("files")
    code = CODE
    for found, instead in FEWER:
        assert found in code
        code = code.replace(found, instead)
    script, *runs, audit = COMMANDS.splitlines()
    assert script == "python files.py"
    assert audit == "lesion audit --dense dense.parquet --compressed int8.parquet --out audit"
    subprocess.run([sys.executable, "-c", code], cwd=where, check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(where)
        for line in runs:
            program, *words = shlex.split(line)
            assert program == "lesion"
            done = CliRunner().invoke(app, words)
            assert done.exit_code == 0, done.output
    return where


def test_the_answers_are_magikas_own(folder: Path) -> None:
    """magika answers by a rule where it is not sure; its network's answer is what is compared."""
    table = pd.read_parquet(folder / "dense.parquet")
    own = magika.Magika().identify_paths([Path(name) for name in table["example_id"]])
    assert len(table) > 10
    assert [one.dl.label for one in own] == table["prediction"].tolist()
    assert [one.score for one in own] == pytest.approx(table["confidence"].tolist(), abs=1e-3)


def test_the_quantised_network_is_another_and_nearly_the_same(folder: Path) -> None:
    dense, int8 = (pd.read_parquet(folder / f"{name}.parquet") for name in ("dense", "int8"))
    assert (folder / "int8.onnx").stat().st_size < (folder / "dense.onnx").stat().st_size / 2
    assert dense["example_id"].equals(int8["example_id"])
    assert not dense["confidence"].equals(int8["confidence"])
    assert (dense["prediction"] == int8["prediction"]).mean() > 0.9
    assert (dense["prediction"] == dense["label"]).mean() > 0.5


def test_the_audit_reads_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own, which does not import onnxruntime or torch."""
    code = (
        "import sys; from pathlib import Path; from tests.audited import audit_pair;"
        "files = {'dense': Path('dense.parquet'), 'compressed': Path('int8.parquet'), 'out': Path('audit')};"
        "audit_pair(**files, splits=2, resamples=2);"
        "print([name for name in sys.modules if name.partition('.')[0] in ('torch', 'onnxruntime', 'onnx')])"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
    assert "size" in (folder / "audit" / "index.html").read_text(encoding="utf-8")
