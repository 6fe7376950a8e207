"""Predictions of a model file for arrays, against the same recomputed by numpy; and that the audit reads them."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from lesion.audit.comparison.files.read import read_predictions
from lesion.deploy.predict import Said, predict_file
from lesion.errors import InputError
from tests.deploy.onnx_files import softmax, weight, write_linear

COUNT, FEATURES, CLASSES = 23, 5, 7
X = np.random.default_rng(1).normal(size=(COUNT, FEATURES)).astype(np.float32)
LABEL = np.random.default_rng(2).integers(CLASSES, size=COUNT)
W = weight(FEATURES, CLASSES)
LOGITS = X.astype(np.float64) @ W
NAMES = [f"class {chr(ord('g') - place)}" for place in range(CLASSES)]  # not in the order of the alphabet


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_linear(tmp_path / "model.onnx", W)


def saved(path: Path, values: npt.NDArray[np.generic]) -> Path:
    np.save(path, values)
    return path


def check(table: pd.DataFrame, label: npt.NDArray[np.int64] = LABEL) -> None:
    """Compare a table of numbered classes with numpy."""
    chance = softmax(LOGITS)
    np.testing.assert_array_equal(table["prediction"], LOGITS.argmax(axis=1))
    np.testing.assert_array_equal(table["label"], label)
    np.testing.assert_allclose(table["confidence"], chance.max(axis=1), rtol=1e-5)
    np.testing.assert_allclose(table["true_probability"], chance[np.arange(COUNT), label], rtol=1e-5)
    place = (chance > chance[np.arange(COUNT), label][:, None]).sum(axis=1)
    np.testing.assert_array_equal(table["correct_top5"], place < 5)


@pytest.mark.parametrize("batch", [1, 4, COUNT, 100])
def test_the_answers_are_those_of_the_model_in_any_batch(tmp_path: Path, model: Path, batch: int) -> None:
    said = Said(labels=saved(tmp_path / "label.npy", LABEL), batch=batch)
    lines = predict_file(model, saved(tmp_path / "x.npy", X), tmp_path / "out.parquet", said=said)
    table = pd.read_parquet(tmp_path / "out.parquet")
    check(table)
    assert table["example_id"].tolist() == list(range(COUNT))
    right = (LOGITS.argmax(axis=1) == LABEL).sum()
    assert f"{right} of {COUNT} answers are right" in "\n".join(lines)
    assert "softmax" in lines[0]


@pytest.mark.parametrize("batch", [1, 3, COUNT])
def test_a_fixed_batch_is_filled_up_and_cut(tmp_path: Path, batch: int) -> None:
    model = write_linear(tmp_path / "fixed.onnx", W, (batch, None))
    said = Said(labels=saved(tmp_path / "label.npy", LABEL))
    predict_file(model, saved(tmp_path / "x.npy", X), tmp_path / "out.parquet", said=said)
    check(pd.read_parquet(tmp_path / "out.parquet"))


def test_probabilities_are_taken_as_they_are(tmp_path: Path) -> None:
    model = write_linear(tmp_path / "model.onnx", W, softmax=True)
    np.savez(tmp_path / "x.npz", inputs=X, label=LABEL)
    lines = predict_file(model, tmp_path / "x.npz", tmp_path / "out.parquet")
    check(pd.read_parquet(tmp_path / "out.parquet"))
    assert "the scores are probabilities." in lines[0]


def test_logits_are_no_probabilities_though_the_user_says_so(tmp_path: Path, model: Path) -> None:
    with pytest.raises(InputError, match="outside of 0 to 1"):
        predict_file(model, saved(tmp_path / "x.npy", X), tmp_path / "o.csv", said=Said(scores="probabilities"))
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_audit_reads_names_ids_and_attributes(tmp_path: Path, model: Path, suffix: str) -> None:
    (tmp_path / "classes.txt").write_text("\n".join(NAMES) + "\n\n", encoding="utf-8")
    names = np.array(NAMES)
    ids = np.array([f"file {place}" for place in range(COUNT)])
    group = np.where(X[:, 0] > 0, "warm", "cold")
    np.savez(tmp_path / "x.npz", x=X, label=names[LABEL], example_id=ids, group=group)
    predict_file(model, tmp_path / "x.npz", tmp_path / f"o.{suffix}", said=Said(classes=tmp_path / "classes.txt"))
    found = read_predictions(tmp_path / f"o.{suffix}")
    assert found.class_names is not None
    assert found.example_names is not None
    assert found.population.label is not None
    said = {
        name: (found.class_names[one], found.class_names[true])
        for name, one, true in zip(
            found.example_names, found.population.prediction[0], found.population.label, strict=True
        )
    }
    expected = names[LOGITS.argmax(axis=1)]
    assert said == {ids[k]: (expected[k], names[LABEL[k]]) for k in range(COUNT)}
    table = pd.read_csv(tmp_path / "o.csv") if suffix == "csv" else pd.read_parquet(tmp_path / "o.parquet")
    assert table["group"].tolist() == group.tolist()


def test_without_labels_there_is_no_column_that_needs_them(tmp_path: Path, model: Path) -> None:
    predict_file(model, saved(tmp_path / "x.npy", X), tmp_path / "out.parquet")
    assert list(pd.read_parquet(tmp_path / "out.parquet")) == ["example_id", "prediction", "confidence"]


def test_of_five_classes_and_fewer_there_is_no_top_5(tmp_path: Path) -> None:
    model = write_linear(tmp_path / "model.onnx", weight(FEATURES, 5))
    np.savez(tmp_path / "x.npz", x=X, label=LABEL % 5)
    predict_file(model, tmp_path / "x.npz", tmp_path / "out.parquet")
    assert "correct_top5" not in pd.read_parquet(tmp_path / "out.parquet")


def test_of_two_outputs_the_user_says_which(tmp_path: Path) -> None:
    model = write_linear(tmp_path / "model.onnx", W, beside=("again",))
    with pytest.raises(InputError, match=r"--output is expected.*scores: float32 \(n, 7\); again"):
        predict_file(model, saved(tmp_path / "x.npy", X), tmp_path / "out.parquet")
    with pytest.raises(InputError, match=r"no output other \(scores, again expected\)"):
        predict_file(model, tmp_path / "x.npy", tmp_path / "out.parquet", said=Said(output="other"))
    said = Said(output="again", labels=saved(tmp_path / "label.npy", LABEL))
    predict_file(model, tmp_path / "x.npy", tmp_path / "out.parquet", said=said)
    check(pd.read_parquet(tmp_path / "out.parquet"))


@pytest.mark.parametrize(("dtype", "given"), [("float16", "float64"), ("int32", "uint8"), ("float32", "int64")])
def test_numbers_are_taken_in_any_type_that_holds_them(tmp_path: Path, dtype: str, given: str) -> None:
    model = write_linear(tmp_path / "model.onnx", W, dtype=dtype)
    values = np.random.default_rng(3).integers(0, 9, size=X.shape)
    predict_file(model, saved(tmp_path / "x.npy", values.astype(given)), tmp_path / "out.parquet")
    found = pd.read_parquet(tmp_path / "out.parquet")["prediction"]
    np.testing.assert_array_equal(found, (values @ W.astype(np.float64)).argmax(axis=1))


def test_the_same_files_give_the_same_bytes(tmp_path: Path, model: Path) -> None:
    saved(tmp_path / "x.npy", X)
    for name in ("one", "two"):
        predict_file(model, tmp_path / "x.npy", tmp_path / f"{name}.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
