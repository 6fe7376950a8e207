import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.files.read import read_predictions
from lesion.errors import InputError
from tests.audit.comparison.files.files import SPECIES, named, rows, written


def expected(table: Any, column: str) -> Any:
    return table.pivot(index="member", columns="example_id", values=column).to_numpy()


def check(found: Predictions, table: Any) -> None:
    made = found.population
    names = np.array(found.class_names) if found.class_names else np.arange(1000)
    ids = found.example_names or made.example_id.tolist()
    assert list(ids) == sorted(set(table["example_id"]))
    assert made.member.tolist() == sorted(set(table["member"]))
    np.testing.assert_array_equal(names[made.prediction], expected(table, "prediction"))
    assert made.label is not None
    np.testing.assert_array_equal(names[made.label], expected(table, "label")[0])
    assert made.correct_top5 is not None
    np.testing.assert_array_equal(made.correct_top5, expected(table, "correct_top5"))
    assert made.true_probability is not None
    np.testing.assert_allclose(made.true_probability, expected(table, "true_probability"), rtol=1e-6)
    assert made.confidence is not None
    np.testing.assert_allclose(made.confidence, expected(table, "confidence"), rtol=1e-6)
    assert made.names == tuple(str(one) for one in made.member)
    assert list(found.attributes) == ["age"]
    assert found.attributes["age"].tolist() == expected(table, "age")[0].tolist()


@settings(max_examples=40)
@given(
    seed=st.integers(0, 1000),
    members=st.integers(1, 5),
    examples=st.integers(1, 30),
    text=st.booleans(),
    suffix=st.sampled_from([".csv", ".csv.gz", ".parquet"]),
    block_size=st.integers(150, 3000),
)
def test_rows_in_any_order_and_blocks_of_any_size(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    members: int,
    examples: int,
    text: bool,
    suffix: str,
    block_size: int,
) -> None:
    table = rows(seed, members=members, examples=examples)
    table = named(table) if text else table
    path = written(tmp_path_factory.mktemp("made") / f"a{suffix}", table)
    check(read_predictions(path, block_size=block_size), table)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("prefix", ["member", "prediction"])
def test_a_wide_table_is_the_long_one(tmp_path: Path, suffix: str, prefix: str) -> None:
    table = rows(1)
    wide = table.pivot(index="example_id", columns="member", values="prediction").add_prefix(f"{prefix}_")
    once = table.drop_duplicates("example_id").set_index("example_id")
    wide = wide.join(once[["label", "age"]]).reset_index().sample(frac=1, random_state=0)
    found = read_predictions(written(tmp_path / f"a{suffix}", wide), block_size=300)
    long = read_predictions(written(tmp_path / "b.csv", table))
    for name in ("example_id", "member", "label", "prediction"):
        np.testing.assert_array_equal(getattr(found.population, name), getattr(long.population, name))
    assert found.attributes["age"].tolist() == long.attributes["age"].tolist()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_wide_table_may_say_how_sure_each_model_is(tmp_path: Path, suffix: str) -> None:
    table = rows(1)
    parts = [
        table.pivot(index="example_id", columns="member", values=name).add_prefix(f"{name}_")
        for name in ("prediction", "confidence", "true_probability", "correct_top5")
    ]
    once = table.drop_duplicates("example_id").set_index("example_id")[["label", "age"]]
    wide = pd.concat([*parts[::-1], once], axis=1).reset_index()
    check(read_predictions(written(tmp_path / f"a{suffix}", wide), block_size=300), table)
    for odd, said in (
        ("confidence_2", "prediction_2 and confidence_2"),
        ("prediction_4", "member_4 and correct_top5_4"),
    ):
        with pytest.raises(InputError, match=f"only one of {said} is there"):
            read_predictions(written(tmp_path / f"b{suffix}", wide.drop(columns=odd)))


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.uint64, bool])
@pytest.mark.parametrize("shape", [(4, 9), (9,)])
def test_an_array(tmp_path: Path, shape: tuple[int, ...], dtype: type) -> None:
    array: Any = np.random.default_rng(0).integers(0, 2 if dtype is bool else 5, shape).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    found = read_predictions(str(tmp_path / "a.npy")).population  # a path as text
    np.testing.assert_array_equal(found.prediction, array.reshape(-1, 9))
    assert found.example_id.tolist() == list(range(9))
    assert found.label is None


def test_a_name_in_the_last_block_makes_all_of_a_column_text(tmp_path: Path) -> None:
    lines = [f"{number},{number % 3}" for number in range(200)] + ["200,seven", "x,7"]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["example_id,prediction", *lines]) + "\n")
    found = read_predictions(path, block_size=100)
    assert found.class_names == ("0", "1", "2", "7", "seven")
    assert found.example_names == tuple(sorted([*map(str, range(201)), "x"]))
    names = np.array(found.class_names)[found.population.prediction[0]]
    assert dict(zip(found.example_names, names, strict=True)) == dict(line.split(",") for line in lines)


def test_members_are_in_the_order_in_which_people_count(tmp_path: Path) -> None:
    names = ["seed10", "seed2", "seed 1", "x", "seed02", "2"]
    table = pd.DataFrame({"example_id": 0, "member": names, "prediction": range(6)})
    found = read_predictions(written(tmp_path / "a.csv", table)).population
    assert found.names == ("2", "seed02", "seed2", "seed10", "seed 1", "x")
    assert [names[said] for said in found.prediction[:, 0]] == list(found.names)


def test_leading_zeros_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", pd.DataFrame({"example_id": ["007", "7", "07"], "prediction": [1, 2, 3]}))
    found = read_predictions(path)
    assert found.example_names == ("007", "07", "7")
    assert found.population.prediction.tolist() == [[1, 3, 2]]


def test_whole_numbers_that_were_written_as_floats(tmp_path: Path) -> None:
    table = rows(3).astype({"prediction": float, "label": float, "example_id": float})
    for suffix in (".csv", ".parquet"):
        found = read_predictions(written(tmp_path / f"a{suffix}", table)).population
        np.testing.assert_array_equal(found.prediction, expected(table, "prediction"))
        assert found.example_id.tolist() == sorted(set(table["example_id"].astype(int)))


def test_the_index_that_pandas_writes_is_no_attribute(tmp_path: Path) -> None:
    rows(0).to_csv(tmp_path / "a.csv")
    rows(0).sample(frac=1).to_parquet(tmp_path / "b.parquet")
    for name in ("a.csv", "b.parquet"):
        assert list(read_predictions(tmp_path / name).attributes) == ["age"]


def test_columns_that_name_no_groups_are_left_out_and_told(tmp_path: Path) -> None:
    table = rows(0, members=2, examples=300)
    table["loss"] = np.random.default_rng(0).random(600)
    table["logits"] = [[0.5, 0.5]] * 600
    found = read_predictions(written(tmp_path / "a.parquet", table))
    assert list(found.attributes) == ["age"]
    assert set(found.left_out) == {"loss", "logits"}


def first(table: Any, column: str, value: Any) -> Any:
    return table.astype({column: object}).assign(**{column: [value, *table[column][1:]]})


HOSTILE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no rows": (lambda t: t[:0], "holds no rows"),
    "no ids": (lambda t: t.drop(columns="example_id"), "has no column example_id"),
    "no predictions": (lambda t: t.drop(columns="prediction"), r"has no column prediction .*it has example_id, member"),
    "a row twice": (lambda t: pd.concat([t, t[:1]]), r"member \d+ has 2 rows for example \d+"),
    "a row twice and another missing": (
        lambda t: pd.concat([t[1:], t[t["member"] == t["member"][0]][1:2]]),
        r"member \d+ has 2 rows for example \d+",
    ),
    "a row missing": (lambda t: t[1:], r"member \d+ has no row for 1 of 20 examples, e\.g\. \d+"),
    "half a member": (
        lambda t: t[~((t["member"] == 4) & (t["example_id"] < 30))],
        r"member 4 has no row for 9 of 20 examples, e\.g\. 5",
    ),
    "no prediction": (lambda t: first(t, "prediction", None), r"column prediction is empty for example \d+"),
    "NaN": (lambda t: first(t, "prediction", "NaN"), "column prediction is empty"),
    "blank": (lambda t: first(t, "label", "  "), "column label is empty"),
    "an empty id": (lambda t: first(t, "example_id", None), "column example_id is empty in row 1"),
    "a negative class": (lambda t: t.assign(prediction=t["prediction"] - 1), "column prediction holds -1"),
    "a negative label": (lambda t: t.assign(label=-1), "column label holds -1; class ids are 0 and up"),
    "a score": (lambda t: t.assign(prediction=0.75), r"column prediction holds 0\.75; whole numbers or text"),
    "two labels": (lambda t: first(t, "label", t["label"][0] + 1), r"column label is both \d and \d for example \d+"),
    "names and numbers": (lambda t: t.assign(label=SPECIES[t["label"]]), "column label holds names, such as ant"),
    "an attribute of models": (
        lambda t: t.assign(right=t["prediction"] == t["label"]),
        r"column right is both .* it belongs to the example",
    ),
    "no probability": (lambda t: t.assign(true_probability=1.5), r"column true_probability is 1\.5 for example \d+"),
    "no flag": (
        lambda t: t.assign(correct_top5="perhaps"),
        r"column correct_top5 is perhaps for example \d+; true or false expected",
    ),
    "no number": (
        lambda t: first(t, "true_probability", "1,75"),
        r"true_probability is 1,75 for example \d+; a number of 0 to 1 expected",
    ),
    "no confidence": (
        lambda t: t.assign(confidence=97.5),
        r"column confidence is 97\.5 for example \d+; a number of 0 to",
    ),
    "an empty confidence": (lambda t: first(t, "confidence", None), "column confidence is empty for example"),
    "an empty probability": (lambda t: first(t, "true_probability", " "), r"column true_probability is empty for"),
    "a missing flag": (lambda t: first(t, "correct_top5", None), r"column correct_top5 is empty for example \d+"),
    "a decimal comma": (
        lambda t: t.assign(prediction=[f"{one},0" for one in t["prediction"]]),
        r"column prediction holds \d,0, with a decimal comma; a point expected",
    ),
    "no end of numbers": (lambda t: first(t.astype({"label": str}), "label", "inf"), "column label holds inf"),
    "a column twice, but for a blank": (lambda t: t.assign(**{"age ": "old"}), "column age is there 2 times"),
    "wide and of models": (
        lambda t: t.drop(columns=["prediction", "member"]).assign(member_0=0),
        "column (true_probability|correct_top5|confidence) is of a model",
    ),
}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_tables_are_told_in_one_line_that_names_the_file(tmp_path: Path, case: str, suffix: str) -> None:
    spoil, said = HOSTILE[case]
    table = spoil(rows(0))
    if suffix == ".parquet":  # whose columns have one type
        table = table.assign(**{name: table[name].astype(str) for name in table if table[name].map(type).nunique() > 1})
        table = table.replace("None", "")
    path = written(tmp_path / f"spoilt{suffix}", table)
    with pytest.raises(InputError, match=said) as caught:
        read_predictions(path, block_size=500)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("ragged.csv", b"example_id,prediction\n1,2\n3\n"),
        ("latin.csv", "example_id,prediction\n1,ant\n2,b\u00e9\n".encode("latin-1")),
        ("text.parquet", b"example_id,prediction\n1,2\n"),
        ("text.npy", b"example_id,prediction\n1,2\n"),
        ("table.csv.gz", b"example_id,prediction\n1,2\n"),
        ("table.xlsx", b""),
    ],
)
def test_unreadable_files(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name) as caught:
        read_predictions(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet", "a.npy"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_predictions(tmp_path / name)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 3)), "holds float64"),
        (np.full((2, 3), 5.0), "holds float64"),
        (np.zeros((2, 3, 4), dtype=int), "integers"),
        (np.full(3, -1), "class -1"),
        (np.zeros((0, 3), dtype=int), "no predictions"),
        (np.array(["a", None], dtype=object), "cannot be read"),
    ],
)
def test_arrays_that_hold_no_predictions(tmp_path: Path, array: Any, said: str) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=said):
        read_predictions(tmp_path / "a.npy")


def test_a_million_classes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = rng.permutation(1_000_000)[:100_000]
    table = pd.DataFrame({"example_id": np.arange(100_000), "label": label, "member_0": label, "member_1": label[::-1]})
    found = read_predictions(written(tmp_path / "a.parquet", table)).population
    np.testing.assert_array_equal(found.prediction, [label, label[::-1]])


INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
NUMBERS = [
    *INTEGERS,
    pa.float16(),
    pa.float32(),
    pa.float64(),
    pa.decimal128(12, 2),
    pa.dictionary(pa.int8(), pa.int64()),
]
TEXTS = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int32(), pa.string())]


def typed(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Whole numbers as any type of numbers, or text as any of text."""
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).dictionary_encode()
    if pa.types.is_float16(kind):
        return pa.array(np.array(values, np.float16))
    return pa.array([Decimal(value) for value in values] if pa.types.is_decimal(kind) else values, kind)


def taken(values: pa.Array, places: Any) -> pa.Array:
    kind = pa.string() if values.type == pa.string_view() else values.type  # Arrow takes no views
    return values.cast(kind).take(pa.array(places)).cast(values.type)


def cell(names: tuple[str, ...] | None, value: Any) -> str:
    return str(value) if names is None else names[value]


@st.composite
def columns(draw: st.DrawFn, size: int, *, distinct: bool) -> tuple[pa.Array, list[str]]:
    """A column, and its texts."""
    kind = draw(st.sampled_from([*NUMBERS, *TEXTS, pa.bool_(), "past 2^63"]))
    if kind == "past 2^63":
        values = draw(st.lists(st.integers(2**63, 2**64 - 1), min_size=size, max_size=size, unique=distinct))
        return pa.array(values, pa.uint64()), [str(value) for value in values]
    if kind == pa.bool_() and not distinct:
        values = draw(st.lists(st.booleans(), min_size=size, max_size=size))
        return pa.array(values), [str(value) for value in values]
    if kind in TEXTS or kind == pa.bool_():
        kind = pa.string() if kind == pa.bool_() else kind
        letters = st.text(st.sampled_from("abé猫 ,;\"'\n\t-x"), min_size=1, max_size=6).map(lambda text: f"n{text}.")
        names = draw(st.lists(letters, min_size=size, max_size=size, unique=distinct))
        return typed([f" {name} " for name in names], kind), names
    values = draw(st.lists(st.integers(0, 100), min_size=size, max_size=size, unique=distinct))
    return typed(values, kind), [str(value) for value in values]


@settings(max_examples=150)
@given(data=st.data(), members=st.integers(1, 3), examples=st.integers(1, 8))
def test_columns_of_any_type_in_any_format_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, members: int, examples: int
) -> None:
    ids, id_texts = data.draw(columns(examples, distinct=True))
    models, _ = data.draw(columns(members, distinct=True))
    answers, answer_texts = data.draw(columns(members * examples, distinct=False))
    groups, group_texts = data.draw(columns(examples, distinct=False).filter(lambda one: one[0].type != pa.binary()))
    places = np.tile(np.arange(examples), members), np.repeat(np.arange(members), examples)
    order = np.random.default_rng(0).permutation(members * examples)
    table = pa.table(
        {
            "example_id": taken(ids, places[0][order]),
            "member": taken(models, places[1][order]),
            "prediction": taken(answers, order),
            "group": taken(groups, places[0][order]),
        }
    )
    folder = tmp_path_factory.mktemp("made")
    pq.write_table(table, folder / "a.parquet")
    plain = pa.table(
        {name: column.cast(pa.string()) for name, column in zip(table.column_names, table.columns, strict=True)}
    )
    for name, separator in (("a.csv", ","), ("b.csv", ";"), ("c.tsv", "\t")):
        plain.to_pandas().to_csv(folder / name, index=False, sep=separator)
    for path in sorted(folder.iterdir()):
        found = read_predictions(path, block_size=200)
        made = found.population
        assert made.prediction.shape == (members, examples)
        at = {cell(found.example_names, one): place for place, one in enumerate(made.example_id.tolist())}
        assert set(at) == set(id_texts)
        read = [
            [cell(found.class_names, made.prediction[member, at[example]]) for example in id_texts]
            for member in range(members)
        ]
        given_answers = np.array(answer_texts, dtype=object).reshape(members, examples).tolist()
        assert sorted(read) == sorted(given_answers)
        assert [found.attributes["group"][at[example]] for example in id_texts] == group_texts


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_blanks_around_predictions_labels_and_names_are_no_part_of_them(tmp_path: Path, suffix: str) -> None:
    table = named(rows(2))
    blank = table.assign(prediction=table["prediction"] + " ", label=" " + table["label"], age=table["age"] + "\t")
    blank = blank.rename(columns={"prediction": " prediction", "age": "age "})
    check(read_predictions(written(tmp_path / f"a{suffix}", blank), block_size=500), table)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_probabilities_that_rounding_puts_outside_are_clipped(tmp_path: Path, suffix: str) -> None:
    table = rows(0)
    table["true_probability"] = np.resize([1.00001, -1e-7, 0.5, float(np.nextafter(np.float16(1), np.float16(2)))], 60)
    table["confidence"] = table["true_probability"][::-1].to_numpy()
    population = read_predictions(written(tmp_path / f"a{suffix}", table)).population
    for name in ("true_probability", "confidence"):
        np.testing.assert_allclose(getattr(population, name), expected(table, name).clip(0, 1), rtol=1e-6)


@pytest.mark.parametrize("values", [[0, 1], [0.0, 1.0], ["false", "TRUE"], [" False", "true "], ["0", "1"]])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_flags_in_any_spelling(tmp_path: Path, values: list[Any], suffix: str) -> None:
    table = rows(0)
    spelt = table.assign(correct_top5=[values[right] for right in table["correct_top5"]])
    found = read_predictions(written(tmp_path / f"a{suffix}", spelt)).population.correct_top5
    np.testing.assert_array_equal(found, expected(table, "correct_top5"))


def test_numbers_beside_names_that_are_digits_too(tmp_path: Path) -> None:
    table = pd.DataFrame({"example_id": range(4), "label": ["1", "2", "none", "none"], "prediction": [2, 2, 10, 1]})
    found = read_predictions(written(tmp_path / "a.csv", table))
    assert found.class_names == ("1", "10", "2", "none")
    names = np.array(found.class_names)
    assert names[found.population.prediction[0]].tolist() == ["2", "2", "10", "1"]
    assert names[found.population.known_label].tolist() == ["1", "2", "none", "none"]


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("label", [[1], [2]], r"column label holds list<.*>; whole numbers or text expected"),
        ("prediction", [{"a": 1}, {"a": 2}], r"column prediction holds struct<.*>; whole numbers or text expected"),
        ("true_probability", [[0.5, 0.5]] * 2, r"column true_probability holds list<.*>; numbers of 0 to 1 expected"),
        ("confidence", [[0.5, 0.5]] * 2, r"column confidence holds list<.*>; numbers of 0 to 1 expected"),
        ("cluster", [[1], [2]], r"column cluster holds list<.*>; whole numbers or text expected"),
        ("true_probability", [date(2020, 1, 1)] * 2, r"column true_probability holds date32\[day\]; numbers of 0 to 1"),
        ("correct_top5", [[True], [False]], r"column correct_top5 holds list<.*>; true or false expected"),
        ("label", [b"\xff", b"\xfe"], r"is not UTF-8 text"),
        ("member", [None, None], r"column member is empty for example 1"),
    ],
)
def test_columns_of_types_that_hold_no_such_thing(tmp_path: Path, column: str, values: Any, said: str) -> None:
    table = {"example_id": [1, 2], "prediction": [0, 1], column: values}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=rf"a\.parquet: {said}"):
        read_predictions(tmp_path / "a.parquet")


def test_attributes_of_bytes_and_lists_are_left_out_and_those_of_other_types_are_text(tmp_path: Path) -> None:
    day, time = [date(2020, 1, 1), None], [datetime(2020, 1, 1, 12), datetime(2020, 1, 1)]
    table = pa.table(
        {
            "example_id": [1, 2],
            "prediction": [0, 1],
            "day": day,
            "time": time,
            "none": pa.nulls(2),
            "old": [True, None],
            "share": pa.array([0.1, 30], pa.float32()),
            "bytes": [b"a", b"b"],
            "fixed": pa.array([b"a", b"b"], pa.binary(1)),
            "coded": pa.array([b"a", b"b"]).dictionary_encode(),
            "list": [[1], [2]],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    found = read_predictions(tmp_path / "a.parquet")
    assert {name: values.tolist() for name, values in found.attributes.items()} == {
        "day": ["2020-01-01", "(missing)"],
        "time": ["2020-01-01 12:00:00", "2020-01-01"],
        "none": ["(missing)", "(missing)"],
        "old": ["True", "(missing)"],
        "share": ["0.1", "30"],
    }
    assert found.left_out == ("bytes", "fixed", "coded", "list")


def test_a_long_text_beside_the_predictions_is_left_out(tmp_path: Path) -> None:
    table = rows(0, members=2, examples=300)
    table["text"] = [f"{row} " * (500_000 if row == 7 else 3) for row in range(600)]
    found = read_predictions(written(tmp_path / "a.csv", table))
    check(replace(found, left_out=()), table)
    assert found.left_out == ("text",)


STREAM = """
import re, sys
from pathlib import Path
from lesion.audit.comparison.files.read import read_predictions
def peak():
    return int(re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1]) * 1024
read_predictions(Path(sys.argv[1]), block_size=2**16)
before = peak()
found = read_predictions(Path(sys.argv[2]), block_size=2**16)
print(peak() - before, *found.population.prediction.shape)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory where Linux tells it")
def test_a_file_of_many_blocks_takes_a_few_bytes_a_row(tmp_path: Path) -> None:
    classes = [f"{name} {'of a very long name ' * 8}" for name in SPECIES]

    def write(path: Path, members: int) -> int:
        with path.open("w") as file:
            file.write("example_id,member,prediction,remark\n")
            for member in range(members):
                file.writelines(
                    f"{example},{member},{classes[(example + member) % 4]},{example * 7 % 1009}\n"
                    for example in range(5000)
                )
        return path.stat().st_size

    size = write(tmp_path / "large.csv", 30)
    write(tmp_path / "small.csv", 2)
    command = [sys.executable, "-c", STREAM, str(tmp_path / "small.csv"), str(tmp_path / "large.csv")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    more, shape = int(said[0]), tuple(map(int, said[1:]))
    assert shape == (30, 5000)
    assert size > 20 * 2**20  # 400 blocks
    assert more < size / 2
