"""Probabilities and logits of every class, in columns and in lists."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.special

from lesion.audit.comparison.files.read import read_predictions
from lesion.errors import InputError
from tests.audit.comparison.files.files import written

NAMES = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu"]


def logits(seed: int, *, rows: int = 50, classes: int = 7) -> Any:
    return np.random.default_rng(seed).normal(size=(rows, classes)) * 2


def check(path: Path, given: Any, label: Any, *, block_size: int = 4000) -> None:
    """Against probabilities by scipy and ranks by a sort."""
    found = read_predictions(path, block_size=block_size).population
    probability = scipy.special.softmax(given, axis=1)
    np.testing.assert_array_equal(found.prediction[0], given.argmax(axis=1))
    assert found.confidence is not None
    assert found.true_probability is not None
    np.testing.assert_allclose(found.confidence[0], probability.max(axis=1), rtol=1e-3)
    np.testing.assert_allclose(found.true_probability[0], probability[np.arange(len(label)), label], rtol=1e-3)
    if given.shape[1] < 6:
        assert found.correct_top5 is None
        return
    first = np.argsort(-given, axis=1, kind="stable")[:, :5]
    assert found.correct_top5 is not None
    np.testing.assert_array_equal(found.correct_top5[0], (first == label[:, None]).any(axis=1))


@pytest.mark.parametrize("classes", [2, 5, 7])
@pytest.mark.parametrize("kind", ["logits", "probabilities", "float16"])
def test_lists(tmp_path: Path, classes: int, kind: str) -> None:
    given, label = logits(0, classes=classes), np.random.default_rng(1).integers(0, classes, 50)
    values: Any = given if kind == "logits" else scipy.special.softmax(given, axis=1)
    values = values.astype(np.float16 if kind == "float16" else np.float32)
    table = pd.DataFrame({"example_id": np.arange(50), "label": label, "age": "old"})
    table["logits" if kind == "logits" else "probabilities"] = list(values)
    check(written(tmp_path / "a.parquet", table), given, label, block_size=200)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_column_for_each_class(tmp_path: Path, suffix: str) -> None:
    given, label = logits(0), np.random.default_rng(1).integers(0, 7, 50)
    table = pd.DataFrame(scipy.special.softmax(given, axis=1), columns=[f"p_{name}" for name in NAMES])
    table = table.assign(example_id=np.arange(50), label=np.array(NAMES)[label])
    path = written(tmp_path / f"a{suffix}", table)
    check(path, given, label)
    assert read_predictions(path).class_names == tuple(NAMES)
    assert not read_predictions(path).attributes


def test_a_label_of_another_class_has_no_probability(tmp_path: Path) -> None:
    table = pd.DataFrame({"example_id": [1, 2], "p_a": [0.9, 0.2], "p_b": [0.1, 0.8], "label": ["a", "c"]})
    found = read_predictions(written(tmp_path / "a.csv", table)).population
    assert found.true_probability is not None
    assert found.true_probability[0].tolist() == pytest.approx([0.9, 0])


def test_ties_go_to_the_first_class(tmp_path: Path) -> None:
    table = pd.DataFrame({"example_id": [1], "p_a": [0.2], "p_b": [0.4], "p_c": [0.4]})
    found = read_predictions(written(tmp_path / "a.csv", table))
    assert found.class_names == ("b",)
    assert found.population.true_probability is None


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        (
            "probabilities",
            [[0.5, 0.5], [3.0, -2.0]],
            "of example 2 hold 3; probabilities are 0 to 1, and logits are to",
        ),
        ("probabilities", [[0.5, 0.5], [0.3, 0.3]], "of example 2 sum to 0.6; probabilities of all classes"),
        ("probabilities", [[0.5, 0.5], [0.3, np.nan]], "of example 2 hold NaN; numbers expected"),
        ("probabilities", [[0.5, 0.5], [1.0]], "of example 2 holds 1 numbers, 2 as for other examples expected"),
        ("logits", [[0.5, np.inf], [1.0, 2.0]], "of example 1 hold no finite number"),
        ("logits", [[0.5], [1.0]], "of example 1 holds 1 numbers, two classes or more expected"),
        ("probabilities", [0.5, 0.7], "column probabilities holds double; lists of numbers"),
    ],
)
def test_what_is_none_is_told_with_an_example(tmp_path: Path, column: str, values: Any, said: str) -> None:
    table = pd.DataFrame({"example_id": [1, 2], column: values})
    with pytest.raises(InputError, match=said):
        read_predictions(written(tmp_path / "a.parquet", table))


def test_a_missing_probability_is_told(tmp_path: Path) -> None:
    table = pd.DataFrame({"example_id": ["x", "y"], "p_a": [0.9, None], "p_b": [0.1, 0.8]})
    with pytest.raises(InputError, match=r"a\.csv: columns p_… of example y hold NaN; numbers expected"):
        read_predictions(written(tmp_path / "a.csv", table))


def test_lists_beside_a_prediction_are_left_out(tmp_path: Path) -> None:
    table = pd.DataFrame({"example_id": [1, 2], "prediction": [0, 1], "logits": [[1.0, 0.0], [2.0, 1.0]]})
    assert read_predictions(written(tmp_path / "a.parquet", table)).left_out == ("logits",)
