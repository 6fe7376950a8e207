import gzip
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lesion.artifacts.csv_header import read_header
from lesion.audit.comparison.files.formats import open_table, readable
from lesion.errors import InputError
from tests.audit.comparison.files.files import rows, written

TABLE = pd.DataFrame({"example_id": [7, 8, 9], "note": ["a", "b;c\td,e", 'f "g"\nh'], "x y": ["1", "2", "3"]})


def read(path: Path, columns: list[str] | None = None, *, block_size: int = 2**20) -> dict[str, list[str]]:
    table = open_table(path, block_size=block_size, rows=2, expected="")
    chosen = list(table.names) if columns is None else columns
    with readable(path):
        batches = list(table.batches(chosen))
    return {name: [str(value) for batch in batches for value in batch.column(name).to_pylist()] for name in chosen}


AS_READ = {name: [str(value) for value in TABLE[name]] for name in TABLE}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\N{BYTE ORDER MARK}", "\n\n", "\r\n"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_separators_are_told_from_the_header(tmp_path: Path, separator: str, start: str, line_end: str) -> None:
    path = tmp_path / "a.csv"
    text = TABLE.to_csv(sep=separator, index=False, lineterminator=line_end)
    path.write_bytes((start + text).encode())
    assert read(path) == AS_READ
    assert read_header(path, has="example_id").separator == separator


def test_a_file_of_another_separator_is_told_by_its_only_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    TABLE.to_csv(path, sep="~", index=False)
    assert read_header(path, has="example_id").names == ("example_id~note~x y",)
    assert read_header(path, "~", has="example_id").names == ("example_id", "note", "x y")
    for odd in ("", "ab", '"', "\n", "é"):
        with pytest.raises(InputError, match=r"--separator: is .*; a single character, or tab, expected"):
            read_header(path, odd, has="example_id")


@pytest.mark.parametrize(("separator", "said"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
@pytest.mark.parametrize("suffix", [".csv", ".txt", ".DATA"])
def test_the_header_tells_the_separator(tmp_path: Path, separator: str, said: str, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    TABLE.to_csv(path, sep=separator, index=False)
    assert read(path) == AS_READ
    assert open_table(path, block_size=100, rows=9, expected="").kind == f"CSV separated by {said}"


@pytest.mark.parametrize("form", ["file", "stream"])
def test_arrow_files(tmp_path: Path, form: str) -> None:
    path, table = tmp_path / "a.arrow", pa.Table.from_pandas(TABLE, preserve_index=False)
    with (pa.ipc.new_file if form == "file" else pa.ipc.new_stream)(path, table.schema) as out:
        out.write_table(table)
    assert read(path) == AS_READ
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputError, match=r"a\.arrow: cannot be read"):
        read(path)


@pytest.mark.parametrize("name", ["A.CSV", "a.Csv.GZ", "a.tsv", "a.TSV.gz", "A.PARQUET"])
def test_suffixes_in_any_capitals(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.lower().endswith("parquet"):
        TABLE.to_parquet(path, index=False)
    else:
        text = TABLE.to_csv(index=False, sep="\t" if "tsv" in name.lower() else ",").encode()
        path.write_bytes(gzip.compress(text) if name.lower().endswith("gz") else text)
    assert read(path) == AS_READ


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_file_names_in_any_encoding(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / (os.fsdecode("café".encode("latin-1")) + suffix)
    try:
        path.touch()
    except OSError:
        pytest.skip("the file system takes UTF-8 names only")
    plain = tmp_path / f"a{suffix}"
    written(plain, TABLE).rename(path)
    assert read(path) == AS_READ


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_blanks_around_the_names_of_columns_are_dropped(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / f"a{suffix}", TABLE.rename(columns=lambda name: f" {name}\t"))
    assert read(path) == AS_READ
    assert read(path, ["x y", "example_id"]) == {"x y": AS_READ["x y"], "example_id": AS_READ["example_id"]}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lengths=st.lists(st.sampled_from([0, 1, 7, 50, 5000, 70_000]), min_size=1, max_size=40), quoted=st.booleans())
def test_a_row_longer_than_a_block_is_read_and_no_row_twice(tmp_path: Path, lengths: list[int], quoted: bool) -> None:
    path, cell = tmp_path / "a.csv", "word\n" if quoted else "word "
    table = pd.DataFrame({"example_id": range(len(lengths)), "text": [cell * length for length in lengths]})
    table.to_csv(path, index=False)
    assert read(path, block_size=100) == {"example_id": [*map(str, range(len(lengths)))], "text": [*table["text"]]}
    assert read(path, ["example_id"], block_size=4096)["example_id"] == [*map(str, range(len(lengths)))]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_utf_16_is_named(tmp_path: Path, encoding: str, suffix: str) -> None:
    path, content = tmp_path / f"a{suffix}", TABLE.to_csv(index=False).encode(encoding)
    path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    with pytest.raises(InputError, match=r"is UTF-16 text, UTF-8 expected"):
        read(path)


@pytest.mark.parametrize("row", [0, 1, 30_000])
def test_latin_1_is_named_wherever_it_is(tmp_path: Path, row: int) -> None:
    lines = ["example_id,name", *(f"{number},ant" for number in range(40_000))]
    lines[row] = lines[row].replace("n", "é")
    (tmp_path / "a.csv").write_bytes("\n".join(lines).encode("latin-1"))
    with pytest.raises(InputError, match=r"a\.csv: is not UTF-8 text, perhaps Latin-1 .*; UTF-8 expected"):
        read(tmp_path / "a.csv", ["example_id", "name"] if row else None, block_size=2**12)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.csv: cannot be read \(it is empty\)"):
        read(tmp_path / "a.csv")


def test_a_header_of_many_names(tmp_path: Path) -> None:
    names = ["example_id", *(f"member_{number}" for number in range(20_000))]
    (tmp_path / "a.csv").write_text(";".join(names) + "\n" + ";".join(["3"] * len(names)) + "\n")
    assert read(tmp_path / "a.csv", ["member_19999"], block_size=2**16) == {"member_19999": ["3"]}


def test_truncated_files(tmp_path: Path) -> None:
    whole: dict[str, Any] = {"a.csv.gz": rows(0), "a.parquet": rows(0)}
    for name, table in whole.items():
        path = written(tmp_path / name, table)
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(InputError, match=f"{name}: cannot be read"):
            read(path)


def test_columns_of_the_same_name_but_for_blanks_are_both_named(tmp_path: Path) -> None:
    table = pa.table([[1], ["x"], ["y"]], names=["example_id", "a", "a "])
    pq.write_table(table, tmp_path / "a.parquet")
    assert list(open_table(tmp_path / "a.parquet", block_size=1, rows=1, expected="").names) == ["example_id", "a", "a"]
