import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.artifacts.tables import (
    PREDICTIONS,
    TEXT,
    from_numpy,
    read_facts,
    read_parquet,
    to_numpy,
    write_parquet,
)
from lesion.audit.statistics.pie import SCHEMA as PIE
from lesion.errors import InputError
from tests.synthetic import labels, population, table

FLOATS = st.floats(allow_nan=False, width=64)


@pytest.fixture
def rows() -> pa.Table:
    """Predictions of three members."""
    rng = np.random.default_rng(2)
    return table(population(rng, labels(rng, 500, 5), members=3, classes=5))


def test_what_is_written_is_read(rows: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_parquet(path, rows, study="toy", seeds=[1, 2], sparsity=0.5)
    assert read_parquet(path, PREDICTIONS).equals(rows)
    assert read_parquet(path, PREDICTIONS, ["member", "label"]).equals(rows.select(["member", "label"]))
    facts = read_facts(path)
    assert facts == {"study": "toy", "seeds": [1, 2], "sparsity": 0.5}


def test_two_writes_give_the_same_bytes(rows: pa.Table, tmp_path: Path) -> None:
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    write_parquet(one, rows, study="toy", variant="dense")
    write_parquet(other, rows, variant="dense", study="toy")
    assert one.read_bytes() == other.read_bytes()


def test_text_stays_a_dictionary(tmp_path: Path) -> None:
    made = pa.table({"name": pa.array(["b", "a", "b"]).dictionary_encode().cast(TEXT)})
    write_parquet(tmp_path / "text.parquet", made)
    assert read_parquet(tmp_path / "text.parquet", made.schema).equals(made)


@pytest.mark.parametrize("column", PREDICTIONS.names)
def test_a_missing_column_is_named(column: str, rows: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_parquet(path, rows.drop_columns([column]))
    with pytest.raises(InputError, match=rf"^{path}: has no column {column} \(\w+ expected\)$"):
        read_parquet(path, PREDICTIONS)


@pytest.mark.parametrize("column", PREDICTIONS.names)
def test_a_column_of_another_type_is_named(column: str, rows: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    place = rows.column_names.index(column)
    write_parquet(path, rows.set_column(place, column, rows.column(column).cast(pa.int64(), safe=False)))
    wanted = PREDICTIONS.field(column).type
    with pytest.raises(InputError, match=f"^{path}: column {column} is int64, expected {wanted}$"):
        read_parquet(path, PREDICTIONS)


def test_another_table_is_refused(rows: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_parquet(path, rows)
    with pytest.raises(InputError, match="column example_id is int32, expected int64"):
        read_parquet(path, PIE)


@pytest.mark.parametrize("left", [0, 3, 200, -1])
def test_a_truncated_file(left: int, rows: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_parquet(path, rows)
    os.truncate(path, left % path.stat().st_size)
    with pytest.raises(InputError, match=rf"^{path}: not a readable Parquet file \(.+\)$"):
        read_parquet(path, PREDICTIONS)


def test_a_file_that_is_damaged_in_the_middle(rows: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_parquet(path, rows)
    raw = bytearray(path.read_bytes())
    raw[4 : len(raw) // 2] = bytes(len(raw) // 2 - 4)
    path.write_bytes(raw)
    with pytest.raises(InputError, match=f"^{path}: "):
        read_parquet(path, PREDICTIONS)


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    with pytest.raises(InputError, match=f"^{path}: "):
        read_parquet(path, PREDICTIONS)
    with pytest.raises(InputError, match=f"^{path}: "):
        read_facts(path)
    with pytest.raises(InputError, match=f"^{path}: No such file or directory$"):
        read_csv(path)


@settings(max_examples=100)
@given(made=st.lists(st.tuples(FLOATS, st.integers(-(2**63), 2**63 - 1), st.booleans()), min_size=1))
def test_numbers_come_back_from_csv_exactly(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[float, int, bool]]
) -> None:
    frame = pd.DataFrame(made, columns=["float", "int", "bool"]).astype({"float": float, "int": np.int64})
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    write_csv(path, frame)
    pd.testing.assert_frame_equal(read_csv(path), frame, check_exact=True)


def test_names_that_look_like_missing_values_come_back_from_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": ["NA", "nan", "null", "a,b", 'a"b'], "t": [np.inf, -np.inf, np.nan, -0.0, 0.1]})
    write_csv(tmp_path / "names.csv", frame)
    pd.testing.assert_frame_equal(read_csv(tmp_path / "names.csv"), frame, check_exact=True)
    assert b"\r" not in (tmp_path / "names.csv").read_bytes()


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n1,2,3\n", b"\xff\xfe\x00"])
def test_a_csv_that_is_damaged(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"^{path}: "):
        read_csv(path)


@pytest.mark.parametrize("dtype", [np.bool_, np.int16, np.int32, np.float32])
@pytest.mark.parametrize("count", [0, 1, 9])
def test_a_column_holds_the_values_of_its_array(dtype: type, count: int) -> None:
    values: np.ndarray = (np.arange(2 * count) % 5 % 2).astype(dtype)[::2]  # not contiguous
    column = from_numpy(values)
    assert column.equals(pa.array(values))
    if dtype is not np.bool_:
        chunked = pa.chunked_array([column, column])
        np.testing.assert_array_equal(to_numpy(chunked), np.concatenate([values, values]))
        assert to_numpy(column).dtype == dtype
