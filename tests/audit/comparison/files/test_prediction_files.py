from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesion.audit.comparison.files.prediction_files import PredictionFiles, fitted
from lesion.audit.comparison.files.read import read_predictions
from lesion.errors import InputError
from tests.audit.comparison.files.files import SPECIES, named, rows, written


def both_read(*paths: Path) -> PredictionFiles:
    one, other = (read_predictions(path) for path in paths)
    return fitted(one, other, paths=paths)


def test_classes_that_one_file_alone_names_get_the_same_number_in_both(tmp_path: Path) -> None:
    one, other = (named(rows(seed, skill=0.5)) for seed in (1, 2))
    one["prediction"] = one["prediction"].replace("bee", "ant")
    other["prediction"] = other["prediction"].replace("dog", "zebra")
    files = both_read(written(tmp_path / "a.csv", one), written(tmp_path / "b.parquet", other))
    assert files.class_names == ("ant", "bee", "cat", "dog", "zebra")
    names = np.array(files.class_names)
    for population, table in ((files.dense, one), (files.compressed, other)):
        expected = table.pivot(index="member", columns="example_id", values="prediction").to_numpy()
        np.testing.assert_array_equal(names[population.prediction], expected)
    np.testing.assert_array_equal(files.dense.known_label, files.compressed.known_label)
    assert files.example_names == tuple(sorted(set(one["example_id"])))


@pytest.mark.parametrize("without", [0, 1])
def test_labels_and_attributes_may_be_in_one_file_only(tmp_path: Path, without: int) -> None:
    tables = [rows(1), rows(2)]
    tables[without] = tables[without].drop(columns=["label", "age"])
    files = both_read(*(written(tmp_path / f"{name}.csv", table) for name, table in zip("ab", tables, strict=True)))
    full = tables[1 - without].drop_duplicates("example_id").sort_values("example_id")
    for population in (files.dense, files.compressed):
        assert population.known_label.tolist() == full["label"].tolist()
    assert files.attributes["age"].tolist() == full["age"].tolist()


HOSTILE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "examples missing": (
        lambda t: t[t["example_id"] > 10],
        r"b\.csv: lacks 2 of the 20 examples of .*a\.csv, e\.g\. 5",
    ),
    "examples of no other": (
        lambda t: t.assign(example_id=t["example_id"].replace(5, 999)),
        r"b\.csv: lacks 1 of the 20 examples of .*a\.csv, e\.g\. 5",
    ),
    "examples that are counted from another number": (
        lambda t: t.assign(example_id=t["example_id"] + 1),
        r"b\.csv: its example ids are those of .*a\.csv plus one \(6 to 63 and 5 to 62\)",
    ),
    "examples that are counted from a lower number": (
        lambda t: t.assign(example_id=t["example_id"] - 1),
        r"b\.csv: its example ids are those of .*a\.csv less one \(4 to 61 and 5 to 62\)",
    ),
    "other labels": (
        lambda t: t.assign(label=t["label"].where(t["example_id"] != 8, 3 - t["label"])),
        r"b\.csv: column label differs from .*a\.csv for 1 of 20 examples, e\.g\. 8 \(\d and \d\)",
    ),
    "other attributes": (lambda t: t.assign(age="old"), r"b\.csv: column age differs .* \(old and young\)"),
    "classes by name": (
        lambda t: t.assign(label=SPECIES[t["label"]], prediction=SPECIES[t["prediction"]]),
        r"a\.csv: classes are integers, in .*b\.csv names, such as ant",
    ),
    "examples by name": (lambda t: t.assign(example_id=named(t)["example_id"]), r"a\.csv: example ids are integers"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_files_that_do_not_fit_together(tmp_path: Path, case: str) -> None:
    spoil, said = HOSTILE[case]
    with pytest.raises(InputError, match=said) as caught:
        both_read(written(tmp_path / "a.csv", rows(1)), written(tmp_path / "b.csv", spoil(rows(2))))
    assert "\n" not in str(caught.value)


def test_more_examples_in_the_compressed_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv: lacks 5 of the 25 examples of .*b\.csv, e\.g\. 65"):
        both_read(
            written(tmp_path / "a.csv", rows(1).drop(columns="label")),
            written(tmp_path / "b.csv", rows(2, examples=25)),
        )


def contents(files: PredictionFiles) -> tuple[object, ...]:
    """All that two files hold, as plain lists."""
    populations = [
        (one.example_id.tolist(), one.member.tolist(), one.known_label.tolist(), one.prediction.tolist())
        for one in (files.dense, files.compressed)
    ]
    attributes = {name: text.tolist() for name, text in files.attributes.items()}
    return (populations, files.class_names, files.example_names, attributes)


SPELT: dict[str, Callable[[Any], Any]] = {
    "whole floats": lambda t: t.astype({"example_id": float, "member": float, "label": float, "prediction": float}),
    "floats for attributes": lambda t: t.assign(years=t["years"].astype(float)),
    "unsigned": lambda t: t.astype({"example_id": "uint64", "member": "uint8", "label": "uint16"}),
    "text": lambda t: t.astype({"example_id": str, "label": str, "prediction": str}),
    "categories": lambda t: t.astype({"age": "category", "label": "category", "years": "category"}),
    "blanks": lambda t: t.assign(age=" " + t["age"] + "  ", prediction=[f"{one} " for one in t["prediction"]]),
    "other capitals of true": lambda t: t.assign(wild=[str(one).upper() for one in t["wild"]]),
}


@pytest.mark.parametrize("suffixes", [(".csv", ".csv"), (".csv", ".parquet"), (".parquet", ".csv")])
@pytest.mark.parametrize("case", SPELT)
def test_the_same_values_in_other_types_are_the_same(tmp_path: Path, case: str, suffixes: tuple[str, str]) -> None:
    tables = [
        table.assign(years=30 + table["example_id"] % 3, wild=table["example_id"] % 2 == 0)
        for table in (rows(1), rows(2))
    ]
    plain = [written(tmp_path / f"{name}.parquet", table) for name, table in zip("ab", tables, strict=True)]
    one = written(tmp_path / f"c{suffixes[0]}", tables[0])
    other = written(tmp_path / f"d{suffixes[1]}", SPELT[case](tables[1]))
    assert contents(both_read(one, other)) == contents(both_read(*plain))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_ids_past_the_largest_signed_integer(tmp_path: Path, suffix: str) -> None:
    tables = [
        table.assign(example_id=(table["example_id"].astype("uint64") * 11400714819323198485))
        for table in (rows(1), rows(2))
    ]
    one = written(tmp_path / f"a{suffix}", tables[0])
    files = both_read(one, written(tmp_path / "b.csv", tables[1]))
    assert files.example_names == tuple(sorted({str(example) for example in tables[0]["example_id"]}))
    few = written(tmp_path / f"c{suffix}", tables[1][tables[1]["example_id"] < 2**63])
    with pytest.raises(InputError, match=r"c\..*: lacks \d+ of the 20 examples of .*a\."):
        both_read(one, few)


def test_classes_of_digits_in_one_file_are_those_of_the_other_that_has_names_too(tmp_path: Path) -> None:
    one, other = rows(1).drop(columns="label"), rows(2).drop(columns="label")
    spelt = other.assign(prediction=other["prediction"].astype(str).replace("3", "none"))
    files = both_read(written(tmp_path / "a.csv", one), written(tmp_path / "b.csv", spelt))
    assert files.class_names == ("0", "1", "2", "3", "none")
    names = np.array(files.class_names)
    for population, table in ((files.dense, one), (files.compressed, spelt)):
        expected = table.pivot(index="member", columns="example_id", values="prediction").astype(str).to_numpy()
        np.testing.assert_array_equal(names[population.prediction], expected)
