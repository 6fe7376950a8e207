from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.audit.comparison.populations import Population, from_table, read_population
from lesion.errors import InputError
from tests.compared import predictions
from tests.synthetic import labels, population, table, write_population

MALFORMED = "made up: expected one row for each member and example, sorted"


def made(seed: int, *, members: int = 3, first: int = 0) -> Population:
    rng = np.random.default_rng(seed)
    label = labels(np.random.default_rng(0), 12, 3)
    return population(rng, label, members=members, classes=3, first=first, true_probability=True, confidence=True)


def assert_same(found: Population, expected: Population) -> None:
    for name in set(Population.__annotations__) - {"origins", "names"}:
        one, other = getattr(found, name), getattr(expected, name)
        assert one.dtype == other.dtype, name
        np.testing.assert_array_equal(one, other, err_msg=name)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), members=st.integers(1, 6), first=st.integers(0, 90))
def test_rows_become_members_by_examples(seed: int, members: int, first: int) -> None:
    expected = made(seed, members=members, first=first)
    found = from_table(table(expected), source="made up")
    assert found.prediction.shape == found.correct.shape == (members, 12)
    assert_same(found, expected)
    assert found.correct.tolist() == [
        [int(said) == int(true) for said, true in zip(row, expected.known_label, strict=True)]
        for row in expected.prediction
    ]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([1, 0, *range(2, 36)], id="unsorted examples"),
        pytest.param([*range(12, 24), *range(12), *range(24, 36)], id="unsorted members"),
        pytest.param([0, *range(36)], id="duplicated row"),
        pytest.param(list(range(35)), id="missing row"),
        pytest.param([*range(35), 34], id="one row twice, another missing"),
        pytest.param([], id="no rows"),
    ],
)
def test_malformed_rows(rows: list[int]) -> None:
    with pytest.raises(InputError, match=MALFORMED):
        from_table(table(made(0)).take(pa.array(rows, pa.int64())), source="made up")


def test_members_that_do_not_agree_on_a_label() -> None:
    rows = table(made(0))
    label = rows.column("label").to_numpy().copy()
    label[20] = (label[20] + 1) % 3
    with pytest.raises(InputError, match="made up: an example has different labels for different members"):
        from_table(rows.set_column(2, "label", pa.array(label)), source="made up")


@pytest.mark.parametrize("shards", [["0-1", "2-4", "10-11"], ["10-11", "0-1", "2-4"]])
def test_a_population_is_all_its_shards(shards: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parts = [made(1, members=2), made(2, members=3, first=2), made(3, members=2, first=10)]
    for shard, part in zip(["0-1", "2-4", "10-11"], parts, strict=True):
        write_population("toy", "dense", shard, part)
    found = read_population(predictions("toy", "dense", shards))
    assert found.member.tolist() == [0, 1, 2, 3, 4, 10, 11]
    np.testing.assert_array_equal(found.prediction, np.concatenate([part.prediction for part in parts]))
    np.testing.assert_array_equal(found.correct_top5, np.concatenate([part.correct_top5 for part in parts]))


def test_a_member_in_two_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_population("toy", "dense", "0-2", made(1))
    write_population("toy", "dense", "2-4", made(2, first=2))
    with pytest.raises(InputError, match=r"0-2\.parquet and 1 more: expected one row for each member"):
        read_population(predictions("toy", "dense", ["0-2", "2-4"]))


def test_a_missing_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_population("toy", "dense", "0-2", made(1))
    with pytest.raises(InputError, match=str(predictions("toy", "dense", ["3-4"])[0])):
        read_population(predictions("toy", "dense", ["0-2", "3-4"]))


@pytest.mark.parametrize("name", ["correct_top5", "true_probability"])
def test_what_predictions_from_elsewhere_do_not_say_is_not_known(name: str) -> None:
    rows = table(made(0))
    place, column = rows.schema.get_field_index(name), rows.column(name)
    unknown = from_table(rows.set_column(place, name, pa.nulls(len(rows), column.type)), source="made up")
    assert getattr(unknown, name) is None
    in_part = pa.concat_arrays([pa.nulls(1, column.type), column.combine_chunks().slice(1)])
    with pytest.raises(InputError, match=f"made up: column {name} is empty in 1 of 36 rows"):
        from_table(rows.set_column(place, name, in_part), source="made up")


@pytest.mark.parametrize("origins", [(7, 5, 3), ("f0", "0d", "aa"), None])
def test_members_tell_what_they_were_trained_from(
    origins: tuple[int | str, ...] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seed of the initialisation, or the digest of the file of a pretrained member."""
    monkeypatch.chdir(tmp_path)
    write_population("toy", "dense", "0-2", replace(made(1), origins=origins))
    assert read_population(predictions("toy", "dense", ["0-2"])).origins == origins
    write_population("toy", "dense", "3-5", made(2, first=3))  # these do not tell
    assert read_population(predictions("toy", "dense", ["3-5"])).origins is None
    assert read_population(predictions("toy", "dense", ["0-2", "3-5"])).origins is None
