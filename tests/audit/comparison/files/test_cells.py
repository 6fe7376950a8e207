import datetime
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.audit.comparison.files.cells import Cells, numbers

DAY, NOON = datetime.datetime(2020, 1, 2), datetime.datetime(2020, 1, 2, 12, 30)


def said(values: pa.Array) -> list[str | None]:
    """The text of each row; None where it is missing."""
    cells = Cells(values)
    assert len(cells) == len(values)
    return [None if empty else cells[row] for row, empty in enumerate(cells.missing.tolist())]


WHOLE: dict[str, Callable[[list[int | None]], pa.Array]] = {
    **{str(kind): partial(pa.array, type=kind) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())},
    **{str(kind): partial(pa.array, type=kind) for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())},
    "float16": lambda v: pa.array(np.array([np.nan if one is None else one for one in v], np.float16)),
    "float32": lambda v: pa.array(v, pa.float32()),
    "float64": lambda v: pa.array(v, pa.float64()),
    "decimal128": lambda v: pa.array([None if one is None else Decimal(one) for one in v], pa.decimal128(9, 3)),
    "decimal256": lambda v: pa.array([None if one is None else Decimal(one) for one in v], pa.decimal256(60, 2)),
    "dictionary of integers": lambda v: pa.array(v, pa.int32()).dictionary_encode(),
    "run lengths": lambda v: pa.compute.run_end_encode(pa.array(v, pa.int32())),
    "text": lambda v: pa.array([None if one is None else str(one) for one in v]),
    "text of floats": lambda v: pa.array(["NaN" if one is None else f"{one}.0" for one in v]),
    "text with blanks": lambda v: pa.array(["  " if one is None else f" {one}\t\u00a0" for one in v]),
    "large text": lambda v: pa.array([None if one is None else str(one) for one in v], pa.large_string()),
    "text views": lambda v: pa.array([None if one is None else str(one) for one in v], pa.string_view()),
    "dictionary of text": lambda v: pa.array([None if one is None else f"{one}" for one in v]).dictionary_encode(),
    "bytes": lambda v: pa.array([b"" if one is None else str(one).encode() for one in v]),
}


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=20)
@given(values=st.lists(st.one_of(st.none(), st.integers(0, 127)), max_size=20))
def test_whole_numbers_of_any_type_are_the_same_integers(kind: str, values: list[int | None]) -> None:
    cells = Cells(WHOLE[kind](values))
    assert pa.types.is_int64(cells.values.type)
    assert said(cells.raw) == [None if value is None else str(value) for value in values]


def test_integers_of_any_size() -> None:
    edges = [0, 2**31, 2**53 + 1, 2**63 - 1]
    assert Cells(pa.array(edges, pa.uint64())).values.to_pylist() == edges
    assert Cells(pa.array([str(edge) for edge in edges])).values.to_pylist() == edges
    past = [*edges, 2**63, 2**64 - 1]
    for values in (pa.array(past, pa.uint64()), pa.array([str(one) for one in past])):
        assert pa.types.is_string(Cells(values).values.type)  # names made of digits
        assert said(values) == [str(one) for one in past]
    assert said(pa.array([-(2**63), None, -1])) == [str(-(2**63)), None, "-1"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_floats_are_written_as_python_writes_them_and_whole_ones_without_a_fraction(values: list[float]) -> None:
    expected = [str(int(one)) if one.is_integer() and abs(one) < 1e16 else repr(one) for one in values]
    assert said(pa.array(values, pa.float64())) == expected
    assert said(pa.array([repr(one) for one in values])) == expected  # as pandas writes a CSV file


@given(st.lists(st.text()))
def test_text_is_kept_but_for_blanks_around_it_and_how_accents_are_encoded(values: list[str]) -> None:
    spelling = {"": None, "nan": None, "true": "True", "false": "False", "-0": "0"}
    names = [one for one in values if not any(sign.isdigit() for sign in one)]
    expected = [spelling.get(one.lower().lstrip("+-") or one, normalize("NFC", one)) for one in map(str.strip, names)]
    assert said(pa.array(names, pa.string())) == expected


SPELLINGS: dict[str, tuple[list[Any], pa.DataType | None, list[str | None]]] = {
    "30 and 30.0": (["30", "30.0", "30.000", "30.5", "0.0", "-0", "-0.0"], None, [*["30"] * 3, "30.5", *["0"] * 3]),
    "leading zeros": (["007", "07.0", "00", "7."], None, ["007", "07.0", "00", "7."]),
    "versions": (["3.1", "3.10"], None, ["3.1", "3.10"]),
    "true and false": ([True, None, False], pa.bool_(), ["True", None, "False"]),
    "true and false as text": (["TRUE", "true", "True", "fAlse"], None, ["True", "True", "True", "False"]),
    "accents": (["cafe\u0301", "caf\u00e9"], None, ["caf\u00e9", "caf\u00e9"]),
    "NA is a name": (["NA", "null", "None", "n/a"], None, ["NA", "null", "None", "n/a"]),
    "float32": ([0.1, 30.0, None], pa.float32(), ["0.1", "30", None]),
    "fractions": ([Decimal("0.50"), Decimal("2.00")], pa.decimal128(5, 2), ["0.5", "2"]),
    "dates": ([datetime.date(2020, 1, 2), None], pa.date32(), ["2020-01-02", None]),
    "midnights": ([DAY, NOON], pa.timestamp("ns"), ["2020-01-02", "2020-01-02 12:30:00"]),
    "times with a zone": ([DAY, NOON], pa.timestamp("us", "UTC"), ["2020-01-02 00:00:00Z", "2020-01-02 12:30:00Z"]),
    "times of day": ([datetime.time(1, 2, 3, 400000)], pa.time64("us"), ["01:02:03.4"]),
    "their texts, as other libraries write them": (
        ["2020-01-02T12:30:00.000000", "2020-01-02 00:00:00", "2020-01-02T00:00:00.000", "12:30:00.250", "2020-01-02T"],
        None,
        ["2020-01-02 12:30:00", "2020-01-02", "2020-01-02", "12:30:00.25", "2020-01-02T"],
    ),
    "names that look like times": (["T12:30:00.0", "ratio 12:30:00.50"], None, ["T12:30:00.0", "ratio 12:30:00.50"]),
    "nothing": ([None, None], pa.null(), [None, None]),
}


@pytest.mark.parametrize("case", SPELLINGS)
def test_spellings(case: str) -> None:
    values, kind, expected = SPELLINGS[case]
    assert said(pa.array(values, kind)) == expected


def test_an_unused_name_of_a_dictionary_is_no_value() -> None:
    values = pa.DictionaryArray.from_arrays(pa.array([0, 0, 2]), pa.array(["7", "a name", "8"]))
    assert Cells(values).values.to_pylist() == [7, 8]


def test_numbers_of_any_type() -> None:
    for kind in (pa.float16(), pa.float32(), pa.float64()):
        np.testing.assert_allclose(numbers(pa.array(np.array([0.25, 1, 0.5]), kind)), [0.25, 1, 0.5])
    for values in (["0.25", " 1 ", "5e-1"], [".25", "1.0", "+0.5"]):
        np.testing.assert_allclose(numbers(pa.array(values)), [0.25, 1, 0.5])
        np.testing.assert_allclose(numbers(pa.array(values).dictionary_encode()), [0.25, 1, 0.5])
    np.testing.assert_allclose(numbers(pa.array([Decimal("0.25"), None], pa.decimal128(3, 2))), [0.25, np.nan])
    np.testing.assert_allclose(numbers(pa.array([True, False])), [1, 0])
    np.testing.assert_allclose(numbers(pa.array([0, 1, None], pa.uint8())), [0, 1, np.nan])
    np.testing.assert_allclose(numbers(pa.array(["0,5", "", "0x1", "1,0,0", "0.5"])), [0.5, *[np.nan] * 3, 0.5])
