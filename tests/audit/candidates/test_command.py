from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.audit.comparison.files.files import named, rows, written

Main = Callable[..., tuple[int, list[str]]]
QUICK = ["--splits", "2", "--resamples", "2", "--out", "out"]


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files of answers, the current one."""
    for seed, name in enumerate(("dense", "int8", "int4", "a=b")):
        written(tmp_path / f"{name}.csv", named(rows(seed, members=1, examples=60)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_several_are_audited_by_their_names(given: Path, main: Main) -> None:
    files = ["--compressed", "first=int8.csv", "--compressed", "int4.csv", "--compressed", "a=b.csv"]
    code, _ = main("audit", "--dense", "dense.csv", *files, *QUICK)
    assert code == 0
    assert pd.read_csv(given / "out" / "candidates.csv")["name"].tolist() == ["first", "int4", "a=b"]
    assert (given / "out" / "a=b" / "flips.csv").exists()
    code, _ = main("audit", "--dense", "dense.csv", "--compressed", "first=int8.csv", *QUICK)
    assert code == 0
    assert not (given / "out" / "a=b").exists()
    assert (given / "out" / "flips.csv").exists()


@pytest.mark.parametrize(
    ("compressed", "said"),
    [
        (["int8.csv", "./int8.csv"], "same file"),
        (["x=int8.csv", "x=int4.csv"], "both called x"),
        (["=int8.csv"], "a name, = and a file"),
        (["a/b=int8.csv"], "a slash"),
        (["int8.csv", "dense=int4.csv"], "what all candidates are compared with"),
        (["int8.csv", "fp=dense.csv"], "same file"),
        (["int8.csv", "c=absent.csv"], "absent.csv: no such file"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(given: Path, main: Main, compressed: list[str], said: str) -> None:
    files = [part for text in compressed for part in ("--compressed", text)]
    code, lines = main("audit", "--dense", "dense.csv", *files, *QUICK)
    assert code == 2
    assert len(lines) == 1
    assert said in lines[0]
    assert not (given / "out").exists()


def test_facts_that_name_no_candidate(given: Path, main: Main) -> None:
    (given / "facts.csv").write_text("name,size\nint9,3\n")
    files: list[Any] = ["--compressed", "int8.csv", "--facts", "facts.csv"]
    code, lines = main("audit", "--dense", "dense.csv", *files, *QUICK)
    assert code == 2
    assert lines == ["lesion: facts.csv: names int9, which is no candidate; did you mean int8?"]
    (given / "facts.csv").write_text("name,size\nint8,3\n")
    assert main("audit", "--dense", "dense.csv", *files, *QUICK)[0] == 0
    assert "Known beside the answers: size 3.0." in (given / "out" / "index.html").read_text()


def test_labels_in_the_file_of_one_candidate_serve_that_one(given: Path, main: Main) -> None:
    for name in ("dense", "int8"):
        table = pd.read_csv(given / f"{name}.csv")
        table.drop(columns="label").to_csv(given / f"{name}.csv", index=False)
    files = ["--compressed", "int8.csv", "--compressed", "int4.csv"]
    assert main("audit", "--dense", "dense.csv", *files, *QUICK)[0] == 0
    table = pd.read_csv(given / "out" / "candidates.csv").set_index("name")
    assert np.isnan(table.loc["int8", "accuracy"])
    assert table.loc["int4", "accuracy"] > 0
    assert "No labels are known for int8" in (given / "out" / "index.html").read_text()
