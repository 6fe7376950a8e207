from pathlib import Path

import pytest

from lesion.audit.candidates.naming import check_names, named_files, stem
from lesion.errors import InputError


def test_names_are_given_or_those_of_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert named_files(["a=x/int8.csv", "y/int4.v2.csv.gz", "pruned.parquet"]) == {
        "a": Path("x/int8.csv"),
        "int4.v2": Path("y/int4.v2.csv.gz"),
        "pruned": Path("pruned.parquet"),
    }
    Path("qwen2.5-3b").mkdir()
    assert stem(Path("qwen2.5-3b")) == "qwen2.5-3b"
    assert stem(Path("qwen2.5-3b.CSV.GZ")) == "qwen2.5-3b"


def test_a_path_that_exists_is_a_file_whatever_signs_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert named_files(["a=b.csv"]) == {"a": Path("b.csv")}
    Path("a=b.csv").touch()
    assert named_files(["a=b.csv"]) == {"a=b": Path("a=b.csv")}
    assert named_files(["c=a=b.csv"]) == {"c": Path("a=b.csv")}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["=a.csv"], "a name, = and a file expected"),
        (["  =a.csv"], "a name, = and a file expected"),
        (["int8="], "a name, = and a file expected"),
        (["x/preds.csv", "y/preds.csv"], "x/preds.csv and y/preds.csv are both called preds"),
        (["a=x.csv", "a=y.csv"], "both called a"),
        (["INT8=x.csv", "int8=y.csv"], "INT8 and int8 are one name"),
        (["a/b=x.csv"], "a slash"),
        (["..=x.csv"], "hidden"),
        ([".=x.csv"], "hidden"),
        (["a\n=x.csv"], None),
        (["a\x07b=x.csv"], "cannot be seen"),
        (["figures=x.csv"], "a folder of the audit"),
        (["Dense=x.csv"], "all candidates are compared with"),
        (["summary.csv=x.csv"], "ends as a file"),
        (["é" * 101 + "=x.csv"], "longer than 200 bytes"),
        (["a.csv", "dense.csv"], "all candidates are compared with"),
    ],
)
def test_names_that_cannot_be_are_told_in_one_line(given: list[str], said: str | None) -> None:
    if said is None:  # blanks around a name are dropped
        assert list(named_files(given)) == ["a"]
        return
    with pytest.raises(InputError, match=said) as error:
        named_files(given)
    assert "\n" not in str(error.value)


def test_one_file_twice(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    (tmp_path / "b.csv").symlink_to(tmp_path / "a.csv")
    with pytest.raises(InputError, match=r"b\.csv: is the same file as .*a\.csv"):
        named_files([str(tmp_path / "a.csv"), f"other={tmp_path / 'b.csv'}"])


def test_a_single_file_needs_no_name_that_a_folder_could_have() -> None:
    assert named_files(["figures.csv"]) == {"figures": Path("figures.csv")}
    assert named_files([".csv"])[".csv"] == Path(".csv")
    with pytest.raises(InputError, match="one name"):
        check_names(["café", "cafe\u0301"])
