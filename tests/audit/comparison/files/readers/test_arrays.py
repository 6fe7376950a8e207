"""Scores of every class in .npy and .npz."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special

from lesion.audit.comparison.files.read import read_predictions
from lesion.audit.comparison.from_files import from_files
from lesion.errors import InputError


def made(members: int = 3, examples: int = 1500, classes: int = 7) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(members, examples, classes)), rng.integers(0, classes, examples)


@pytest.mark.parametrize("kind", ["logits", "probabilities"])
@pytest.mark.parametrize("members", [1, 3])
def test_an_archive(tmp_path: Path, kind: str, members: int) -> None:
    logits, label = made(members)
    probability = scipy.special.softmax(logits, axis=-1)
    scores = (logits if kind == "logits" else probability)[0 if members == 1 else slice(None)]
    beside = {"label": label, "example_id": 5 * np.arange(1500), "age": np.where(label > 3, "old", "young")}
    np.savez(tmp_path / "a.npz", **{kind: scores}, **beside)
    read = read_predictions(tmp_path / "a.npz")
    found = read.population
    np.testing.assert_array_equal(found.prediction, logits.argmax(axis=-1))
    assert found.confidence is not None
    assert found.true_probability is not None
    assert found.correct_top5 is not None
    np.testing.assert_allclose(found.confidence, probability.max(axis=-1), rtol=1e-6)
    np.testing.assert_allclose(found.true_probability, probability[:, np.arange(1500), label], rtol=1e-6)
    first = np.argsort(-logits, axis=-1)[:, :, :5]
    np.testing.assert_array_equal(found.correct_top5, (first == label[:, None]).any(axis=-1))
    assert found.example_id.tolist() == (5 * np.arange(1500)).tolist()
    assert read.attributes["age"].tolist() == beside["age"].tolist()
    assert read.source is not None
    assert read.source.read_as == f"NumPy array of {kind}, {members} × 1500 × 7 (models × examples × classes)"


def test_an_array_of_probabilities(tmp_path: Path) -> None:
    logits, _ = made(2)
    np.save(tmp_path / "a.npy", scipy.special.softmax(logits, axis=-1).astype(np.float16))
    np.save(tmp_path / "b.npy", logits.argmax(axis=-1))
    comparison = from_files(tmp_path / "a.npy", tmp_path / "b.npy")
    agree = comparison.dense.prediction == comparison.compressed.prediction
    assert agree.mean() > 0.99  # float16 makes ties
    assert comparison.dense.confidence is not None
    assert comparison.dense.true_probability is None


def test_members_may_have_names(tmp_path: Path) -> None:
    logits, _ = made(3)
    np.savez(tmp_path / "a.npz", logits=logits, member=np.array(["seed10", "seed2", "seed1"]))
    found = read_predictions(tmp_path / "a.npz").population
    assert found.names == ("seed1", "seed2", "seed10")
    np.testing.assert_array_equal(found.prediction, logits.argmax(axis=-1)[::-1])


HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"label": np.zeros(3, int)}, "has the arrays label; one of probabilities and logits expected"),
    "both": ({"probabilities": np.full((3, 2), 0.5), "logits": np.ones((3, 2))}, "one of probabilities and logits"),
    "shape": ({"logits": np.ones(3)}, r"logits holds float64 \(3,\); numbers \(examples, classes\) or"),
    "text": ({"logits": np.full((3, 2), "a")}, "logits holds <U1"),
    "labels": ({"logits": np.ones((3, 2)), "label": np.zeros(2, int)}, r"label has the shape \(2,\), \(3,\) expected"),
    "names": ({"logits": np.ones((3, 2)), "label": np.full(3, "a")}, "label holds <U1; class ids, places among"),
    "logits": ({"probabilities": np.eye(3) * 4}, "probabilities of example 0 hold 4; probabilities are 0 to 1, and"),
    "NaN": ({"logits": np.array([[1.0, 2.0], [np.nan, 1.0]])}, "logits of example 1 hold NaN; numbers expected"),
    "pickle": ({"logits": np.array([[None, 1]], dtype=object)}, "cannot be read"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_archives_that_hold_no_scores_are_told(tmp_path: Path, kind: str) -> None:
    arrays, said = HOSTILE[kind]
    np.savez(tmp_path / "a.npz", allow_pickle=True, **arrays)
    with pytest.raises(InputError, match=said) as caught:
        read_predictions(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)
