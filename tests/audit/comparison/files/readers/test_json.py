"""Records in JSON are the rows that a CSV file would hold."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.audit.comparison.files.read import read_predictions
from lesion.errors import InputError
from tests.audit.comparison.files.files import named, rows, written


def dumped(path: Path, table: Any) -> Path:
    text = table.to_json(orient="records", lines=".json" not in path.suffixes)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".json", ".jsonl.gz", ".JSONL"])
@pytest.mark.parametrize("text", [False, True])
def test_the_same_as_csv(tmp_path: Path, suffix: str, text: bool) -> None:
    table = named(rows(1)) if text else rows(1)
    found = read_predictions(dumped(tmp_path / f"a{suffix}", table))
    expected = read_predictions(written(tmp_path / "a.csv", table))
    assert found.class_names == expected.class_names
    assert found.example_names == expected.example_names
    for name in ("prediction", "label", "member", "correct_top5"):
        np.testing.assert_array_equal(getattr(found.population, name), getattr(expected.population, name))
    for name in ("confidence", "true_probability"):
        one, other = getattr(found.population, name), getattr(expected.population, name)
        np.testing.assert_allclose(one, other, rtol=1e-6)
    assert found.attributes["age"].tolist() == expected.attributes["age"].tolist()
    assert found.source is not None
    assert found.source.read_as.startswith("JSON, one row a model and example, classes by ")


def test_values_of_several_types_are_text(tmp_path: Path) -> None:
    lines = [
        {"example_id": 2**64 - 1, "prediction": 7, "note": None, "tags": ["a"], "where": {"x": 1}, "odd": 1},
        {"example_id": 5, "prediction": "seven", "note": True, "odd": "x"},
    ]
    (tmp_path / "a.jsonl").write_text("\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    found = read_predictions(tmp_path / "a.jsonl")
    assert found.class_names == ("7", "seven")
    assert found.example_names == (str(2**64 - 1), "5")
    assert found.attributes["note"].tolist() == ["(missing)", "True"]
    assert found.attributes["odd"].tolist() == ["1", "x"]
    assert found.left_out == ("tags", "where")


def test_lists_of_logits(tmp_path: Path) -> None:
    table = pd.DataFrame({"example_id": [1, 2], "logits": [[0, 2, 1.5], [3, 1, 0]], "label": [1, 0]})
    found = read_predictions(dumped(tmp_path / "a.jsonl", table)).population
    assert found.prediction.tolist() == [[1, 0]]
    assert found.confidence is not None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no rows"),
        (b"[]", "holds no rows"),
        (b'{"example_id": 1, "prediction": 2}\n{"exa', r"line 2 is not JSON \(.*\); is the file cut off"),
        (b"[1, 2]", "record 1 holds int; a JSON object expected"),
        (b'{"example_id": 1, "prediction": [1]}', "column prediction holds list"),
        (b'{"example_id": 1, "prediction": "caf\xe9"}', "is not UTF-8 text"),
        ('{"example_id": 1}'.encode("utf-16"), "is UTF-16 text, UTF-8 expected"),
        (b'{"id": 1}', "has no column example_id; it has id"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.jsonl: .*{said}"):
        read_predictions(tmp_path / "a.jsonl")
