"""`lesion audit` of files that do not tell everything themselves."""

import csv
import html
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.audit.comparison.files.files import named, rows, written

LOGS = Path(__file__).parent / "benchmarks" / "logs"
QUICK = ["--splits", "2", "--resamples", "2", "--out", "out"]

Main = Callable[..., tuple[int, list[str]]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_logs_with_a_filter(here: Path, main: Main) -> None:
    sides = ("--dense", str(LOGS / "fp16"), "--compressed", f"int4={LOGS / 'int4'}")
    code, said = main("audit", *sides, *QUICK)
    assert code == 2
    assert said[-1].endswith("has the filters flexible-extract, strict-match; choose one with --filter")
    assert not (here / "out").exists()
    code, _ = main("audit", *sides, "--filter", "strict-match", *QUICK)
    assert code == 0
    flips = pd.read_csv(here / "out" / "flips.csv").set_index(["attribute", "group"])
    assert flips.loc[("all", "all"), "examples"] == 72
    assert set(flips.index.get_level_values("attribute")) == {"all", "task", "subject"}
    assert not (here / "out" / "impact.csv").exists()
    page = html.unescape((here / "out" / "index.html").read_text(encoding="utf-8"))
    assert "answers graded by acc, exact_match; filter strict-match" in page
    assert "Answers are graded" in page
    assert "What is 2 plus 1?" in page
    code, _ = main("audit", *sides, "--task", "mini_reading", "--task", "mini_boolean", *QUICK)
    assert code == 0
    assert set(pd.read_csv(here / "out" / "impact.csv")["name"]) == {"A", "B", "C", "D"}


def test_an_option_that_no_file_is_of_a_format_for(here: Path, main: Main) -> None:
    for name, seed in (("a.csv", 1), ("b.parquet", 2)):
        written(here / name, named(rows(seed, members=1, examples=60)))
    sides = ("--dense", "a.csv", "--compressed", "b.parquet")
    for option in ("--filter", "--metric", "--task"):
        code, said = main("audit", *sides, option, "x", *QUICK)
        assert code == 2
        assert said[-1].endswith(f"{option}: none of the files is of a format that has one")
    code, _ = main("audit", *sides, "--separator", ",", *QUICK)
    assert code == 0


def test_another_separator(here: Path, main: Main) -> None:
    for name, seed in (("a.csv", 1), ("b.txt", 2)):
        named(rows(seed, members=1, examples=60)).to_csv(here / name, sep="~", index=False, quoting=csv.QUOTE_MINIMAL)
    code, said = main("audit", "--dense", "a.csv", "--compressed", "b.txt", *QUICK)
    assert code == 2
    assert "has no column example_id" in said[-1]
    code, _ = main("audit", "--dense", "a.csv", "--compressed", "b.txt", "--separator", "~", *QUICK)
    assert code == 0
    assert "CSV separated by ~, one row a model and example" in (here / "out" / "index.html").read_text(
        encoding="utf-8"
    )
