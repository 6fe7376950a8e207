"""The walk of docs/PYTHON.md: each block runs, in order, and prints what stands below it."""

import re
from pathlib import Path

import pytest

pytest.importorskip("sklearn")
DOCS = Path(__file__).parents[1] / "docs" / "PYTHON.md"
BLOCKS = re.findall(r"```python\n(.*?)```(?:\s+```text\n(.*?)```)?", DOCS.read_text(encoding="utf-8"), re.DOTALL)


def test_each_block_prints_what_stands_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    names: dict[str, object] = {}
    try:
        for code, printed in BLOCKS:
            capsys.readouterr()
            exec(code, names)
            if printed:
                assert capsys.readouterr().out == printed
    finally:
        mlflow.set_tracking_uri(before)
    assert {path.name for path in tmp_path.iterdir()} == {
        "flips.pdf", "audit.html", "audit.json", "candidates.html", "runs"
    }  # fmt: skip


def test_it_is_a_walk() -> None:
    assert len(BLOCKS) >= 8
    assert sum(bool(printed) for _, printed in BLOCKS) >= 4
