import gzip
from pathlib import Path

import pandas as pd
import pytest

from lesion.data.text_table import read_table
from lesion.errors import InputError

ROWS = 'path{0}label{0}note\r\n\r\na.png{0}cat{0}"two\r\nlines"\r\n b.png {0}dog{0}\r\n'


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("packed", [False, True])
def test_cells_are_text_and_each_row_knows_its_line(tmp_path: Path, separator: str, packed: bool) -> None:
    text = ROWS.format(separator).encode("utf-8-sig")
    path = tmp_path / ("table.csv.gz" if packed else "table.csv")
    path.write_bytes(gzip.compress(text) if packed else text)
    table = read_table(path, ["label", "path"], has="path")
    assert table.columns == {"label": ["cat", "dog"], "path": ["a.png", "b.png"]}
    assert list(table.lines) == [3, 5]
    assert table.place(1) == f"{path}: line 5"
    assert list(read_table(path, None, has="path").columns) == ["path", "label", "note"]


def test_parquet_has_rows_and_numbers_become_text(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pd.DataFrame({"path": ["a.png", None], "label": [3, 10]}).to_parquet(path)
    table = read_table(path, None, has="path")
    assert table.columns == {"path": ["a.png", ""], "label": ["3", "10"]}
    assert table.place(1) == f"{path}: row 2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label\na,b\nc\n", r"line 3: 1 cells, 2 expected as in the header$"),
        ("path,label\na,b,c\n", r"line 2: 3 cells, 2 expected as in the header$"),
        ("file,label\na,b\n", r"has no column path \(it has file, label\)$"),
        ("path,label,path\na,b,c\n", r"has the column path twice$"),
        ("", r"cannot be read \(it is empty\)$"),
        ("path,label\ncaf\xe9,b\n", r"is not UTF-8 text, perhaps Latin-1 or Windows-1252; UTF-8 expected$"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=message):
        read_table(path, ["path", "label"], has="path")


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: missing; a table with a column path is expected$"):
        read_table(tmp_path / "none.csv", None, has="path")
    for name in ("table.parquet", "table.csv.gz"):
        (tmp_path / name).write_bytes(b"no such thing")
        with pytest.raises(InputError, match=rf"{name}: cannot be read"):
            read_table(tmp_path / name, None, has="path")
