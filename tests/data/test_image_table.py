"""The data set `image-table`."""

import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lesion.data import table_rows
from lesion.data.dataset import Indexed
from lesion.data.sets import image_table
from lesion.data.sets.image_table import Options
from lesion.errors import InputError
from tests.data.image_files import write_image

HEADER = ["path", "label", "split", "hospital"]
ROWS = [
    ["images/2.png", "dog", "test", "north"],
    ["images/0.png", "cat", "train", "south"],
    ["images/1.png", "cat", "val", "south"],
    ["images/3.png", "cat", "test", ""],
]


def load(table: Path, **options: Any) -> Indexed:
    values = {"table": str(table), "resize": 8, "side": 8} | options
    return image_table.load(Options.read(values, where="studies.toy.data"))


def written(folder: Path, rows: list[list[str]], header: list[str] = HEADER, separator: str = ",") -> Path:
    path = folder / "table.csv"
    path.write_text("".join(separator.join(row) + "\n" for row in [header, *rows]), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        write_image(tmp_path / "images" / f"{number}.png", seed=number)
    return tmp_path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_examples_are_in_the_order_of_the_table(folder: Path, separator: str) -> None:
    data = load(written(folder, ROWS, separator=separator))
    assert data.files.to_pylist() == [row[0] for row in ROWS]
    assert data.ids == ("cat", "dog")
    assert data.label.tolist() == [1, 0, 0, 0]
    assert not data.train.any()
    assert data.attributes == {}


def test_a_column_tells_the_splits_and_others_are_left_out(folder: Path) -> None:
    data = load(written(folder, ROWS), split="split", attributes=["hospital"])
    assert data.files.to_pylist() == ["images/2.png", "images/0.png", "images/3.png"]
    assert data.train.tolist() == [False, True, False]
    assert data.attributes["hospital"].tolist() == ["north", "south", "unknown"]
    data = load(written(folder, ROWS), split="split", train="test", test="val")
    assert data.train.tolist() == [True, False, True]
    with pytest.raises(InputError, match=r"column split: no row is dev \(there are test, train, val\)$"):
        load(written(folder, ROWS), split="split", test="dev")


def test_a_table_of_parquet_with_numbers_for_labels_and_other_columns(folder: Path) -> None:
    path = folder / "elsewhere" / "table.parquet"
    path.parent.mkdir()
    pd.DataFrame({"file": ["0.png", "1.png", "2.png"], "class": [10, 9, 2]}).to_parquet(path)
    data = load(path, root=str(folder / "images"), path="file", label="class")
    assert data.ids == ("2", "9", "10")  # as numbers, not as text
    assert data.label.tolist() == [2, 1, 0]


def test_a_file_tells_the_order_of_the_outputs(folder: Path) -> None:
    (folder / "classes.csv").write_text("id,name\ndog,Dog\nyak,Yak\ncat,Cat\n")
    data = load(written(folder, ROWS), classes=str(folder / "classes.csv"))
    assert data.label.tolist() == [0, 2, 2, 2]
    assert data.class_names == ("Dog", "Yak", "Cat")
    rows = [*ROWS[:2], ["images/1.png", "CAT", "test", ""]]
    with pytest.raises(
        InputError, match=r"table\.csv: line 4: CAT is none of the 3 classes of .*\(cat is; capitals count"
    ):
        load(written(folder, rows), classes=str(folder / "classes.csv"))


def test_paths_in_the_other_form_of_their_letters_are_found(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "café.png")
    write_image(tmp_path / name)
    write_image(tmp_path / "b.png")
    rows = [["café.png", "é"], [str(tmp_path / "b.png"), "e\u0301"]]
    data = load(written(tmp_path, rows, ["path", "label"]))
    assert (tmp_path / data.files[0].as_py()).is_file()
    assert data.files[1].as_py() == "b.png"
    assert data.label.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["images/9.png", "cat", "", ""], r"table\.csv: line 6: .*images/9\.png: the image is missing$"),
        (["images", "cat", "", ""], r"table\.csv: line 6: .*images: the image is missing$"),
        (["images/1.png", " ", "", ""], r"table\.csv: line 6: column label: a label is expected, nothing is there$"),
        (["", "cat", "", ""], r"table\.csv: line 6: column path: a path is expected, nothing is there$"),
        (
            ["images/../images/2.png", "cat", "", ""],
            r"line 6: images/\.\./images/2\.png is the image of line 2 already$",
        ),
    ],
)
def test_the_line_at_fault_is_named(folder: Path, row: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(written(folder, [*ROWS, row]))


def test_a_column_of_numbers_is_no_column_of_classes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_rows, "MOST", 1)
    with pytest.raises(
        InputError, match=r"table\.csv: column label: 2 different labels, 1 at most are expected; is it"
    ):
        load(written(folder, ROWS))


def test_options_that_do_not_fit_are_named(folder: Path) -> None:
    with pytest.raises(InputError, match="attributes: Value error, source is a column of every table of examples"):
        load(written(folder, ROWS), attributes=["source"])
    with pytest.raises(InputError, match=r"has no column hopsital \(it has path, label, split, hospital\)$"):
        load(written(folder, ROWS), attributes=["hopsital"])
    with pytest.raises(InputError, match=r"table\.csv: has no row below the header$"):
        load(written(folder, []))
