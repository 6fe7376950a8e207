"""Every module in the folder of readers is one, and is asked before it reads."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from lesion.audit.comparison.files.contract import Reader
from lesion.audit.comparison.files.read import all_readers, read_predictions
from lesion.audit.comparison.files.readers import arrays, harness, json, lighteval, tables
from lesion.audit.comparison.from_files import from_files
from lesion.errors import InputError
from tests.audit.comparison.files.files import named, rows, written

HELD: tuple[Reader, ...] = (arrays, harness, json, lighteval, tables)
"""The type checker compares these modules with the contract."""


def test_every_reader_in_the_folder_is_held_to_the_contract() -> None:
    assert {reader.ORDER for reader in all_readers()} == {reader.ORDER for reader in HELD}
    assert len({reader.ORDER for reader in HELD}) == len(HELD)


def test_a_name_that_no_reader_knows_is_told_with_those_that_they_know(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.xlsx: the name ends in \.xlsx, .*\.csv.*\.npy.* expected$"):
        read_predictions(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match=rf"^{tmp_path}: is a folder without logs; .* expected$"):
        read_predictions(tmp_path)
    for name in ("absent", "absent.csv", "absent.npz", "absent.jsonl", "details_absent.parquet"):
        with pytest.raises(InputError, match=rf"^{tmp_path / name}: no such file"):
            read_predictions(tmp_path / name)


def test_the_source_is_the_file_and_what_it_was_read_as(tmp_path: Path) -> None:
    paths = written(tmp_path / "a.csv", rows(1)), written(tmp_path / "b.parquet", rows(2))
    comparison = from_files(*paths)
    assert comparison.sources is not None
    for path, found in zip(paths, comparison.sources, strict=True):
        content = path.read_bytes()
        assert (found.path, found.size, found.sha256) == (path, len(content), hashlib.sha256(content).hexdigest())
    assert [found.read_as for found in comparison.sources] == [
        "CSV separated by commas, one row a model and example, classes by number",
        "Parquet, one row a model and example, classes by number",
    ]


def test_what_a_file_was_read_as(tmp_path: Path) -> None:
    table = named(rows(1, members=1)).drop(columns="member")
    table.to_csv(tmp_path / "a.csv", sep=";", index=False)
    wide = rows(1).pivot(index="example_id", columns="member", values="prediction").add_prefix("member_").reset_index()
    np.save(tmp_path / "c.npy", np.zeros((2, 5), dtype=np.int64))
    said = {
        tmp_path / "a.csv": "CSV separated by semicolons, one row an example, classes by name",
        written(tmp_path / "b.tsv", wide): "CSV separated by commas, one row an example, with a column for each model,"
        " classes by number",
        tmp_path / "c.npy": "NumPy array of class ids, 2 × 5 (models × examples)",
    }
    for path, expected in said.items():
        source = read_predictions(path).source
        assert source is not None
        assert source.read_as == expected
