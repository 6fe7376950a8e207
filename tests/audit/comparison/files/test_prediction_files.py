from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesion.audit.comparison.files.prediction_files import read_prediction_files
from lesion.errors import InputError
from tests.audit.comparison.files.files import SPECIES, named, rows, written


def test_classes_that_one_file_alone_names_get_the_same_number_in_both(tmp_path: Path) -> None:
    one, other = (named(rows(seed, skill=0.5)) for seed in (1, 2))
    one["prediction"] = one["prediction"].replace("bee", "ant")
    other["prediction"] = other["prediction"].replace("dog", "zebra")
    files = read_prediction_files(written(tmp_path / "a.csv", one), written(tmp_path / "b.parquet", other))
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
    files = read_prediction_files(
        *(written(tmp_path / f"{name}.csv", table) for name, table in zip("ab", tables, strict=True))
    )
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
        read_prediction_files(written(tmp_path / "a.csv", rows(1)), written(tmp_path / "b.csv", spoil(rows(2))))
    assert "\n" not in str(caught.value)


def test_more_examples_in_the_compressed_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv: lacks 5 of the 25 examples of .*b\.csv, e\.g\. 65"):
        read_prediction_files(
            written(tmp_path / "a.csv", rows(1).drop(columns="label")),
            written(tmp_path / "b.csv", rows(2, examples=25)),
        )
