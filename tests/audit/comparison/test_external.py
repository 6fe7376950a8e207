"""Predictions of an external variant become those of a shard, called as the study calls its examples and classes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest

from lesion.artifacts.tables import EXAMPLES, PREDICTIONS, TEXT, read_parquet, write_parquet
from lesion.audit.comparison.external import take
from lesion.audit.comparison.populations import read_population
from lesion.errors import InputError

NAMES = ["cat", "dog", "eel"]
IDS = ["n01", "n02", "n03"]
TESTED = np.array([1, 4, 5, 8])  # ids of the test examples, among ten
LABEL = np.array([0, 1, 2, 1])
SAID = np.array([[0, 1, 1, 1], [2, 1, 2, 0], [0, 0, 0, 0]])  # members by examples


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of ten examples, four of them for testing, listed in another order than their ids."""
    monkeypatch.chdir(tmp_path)
    order = np.random.default_rng(0).permutation(10)
    label = np.zeros(10, dtype=np.int16)
    label[TESTED] = LABEL
    split = np.where(np.isin(order, TESTED), "test", "train")
    columns = {
        "example_id": pa.array(order, pa.int32()),
        "label": pa.array(label[order]),
        "split": pa.array(split).dictionary_encode().cast(TEXT),
        "source": pa.array(["made up"] * 10).dictionary_encode().cast(TEXT),
    }
    write_parquet(
        Path("examples.parquet"), pa.table(columns, schema=EXAMPLES), class_names=NAMES, class_ids=IDS, study="toy"
    )
    return tmp_path


def taken(source: str, shard: str = "0-2") -> pd.DataFrame:
    """Take a file; the rows that were written."""
    out = Path("predictions.parquet")
    take(
        study="toy", variant="there", shard=shard, examples=Path("examples.parquet"), source=Path(source),
        predictions=out,
    )  # fmt: skip
    return pd.DataFrame(read_parquet(out, PREDICTIONS).to_pandas())


def wide(said: npt.NDArray[np.generic] = SAID, ids: npt.NDArray[np.generic] = TESTED) -> pd.DataFrame:
    """A table with a column a member."""
    return pd.DataFrame({"example_id": ids} | {f"member_{k}": row for k, row in enumerate(said)})


def test_a_file_becomes_the_population_of_a_shard(folder: Path) -> None:
    wide().sample(frac=1, random_state=1).to_csv("file.csv", index=False)
    rows = taken("file.csv")
    assert rows["example_id"].tolist() == TESTED.tolist() * 3
    assert rows["label"].tolist() == LABEL.tolist() * 3
    assert rows["prediction"].tolist() == SAID.ravel().tolist()
    population = read_population([Path("predictions.parquet")])
    np.testing.assert_array_equal(population.prediction, SAID)
    assert population.correct_top5 is None
    assert population.true_probability is None


def test_some_members_are_taken_by_their_place_in_the_file(folder: Path) -> None:
    wide().to_csv("file.csv", index=False)
    rows = taken("file.csv", shard="1-2")
    assert sorted(set(rows["member"])) == [1, 2]
    assert rows["prediction"].tolist() == SAID[1:].ravel().tolist()


@pytest.mark.parametrize("called", [NAMES, IDS])
def test_classes_may_be_called_by_name_or_by_id(folder: Path, called: list[str]) -> None:
    wide(np.array(called, dtype=object)[SAID]).assign(label=np.array(called, dtype=object)[LABEL]).to_csv(
        "file.csv", index=False
    )
    assert taken("file.csv")["prediction"].tolist() == SAID.ravel().tolist()


def test_examples_that_are_not_for_testing_are_left_out(folder: Path) -> None:
    said = np.random.default_rng(3).integers(0, 3, (2, 10))
    wide(said, np.arange(10)).to_parquet("file.parquet")
    assert taken("file.parquet", "0-1")["prediction"].tolist() == said[:, TESTED].ravel().tolist()


def test_an_array_has_the_test_examples_in_the_order_of_their_ids(folder: Path) -> None:
    np.save("file.npy", SAID)
    assert taken("file.npy")["prediction"].tolist() == SAID.ravel().tolist()


def test_probabilities_come_along(folder: Path) -> None:
    long = wide().melt("example_id", value_name="prediction", var_name="member")
    long["member"] = long["member"].str.removeprefix("member_").astype(int)
    long["true_probability"] = np.linspace(0, 1, len(long))
    long["confidence"] = 1 - long["true_probability"] / 2
    long.to_csv("file.csv", index=False)
    np.testing.assert_allclose(taken("file.csv")["confidence"], 1 - np.linspace(0, 1, 12) / 2, atol=1e-7)
    np.testing.assert_allclose(taken("file.csv")["true_probability"], np.linspace(0, 1, 12), atol=1e-7)


REFUSED: dict[str, tuple[Callable[[], pd.DataFrame], str]] = {
    "an example less": (lambda: wide(SAID[:, :3], TESTED[:3]), "lacks 1 of 4 test examples, e.g. 8"),
    "a class too many": (lambda: wide(SAID + 1), "has the class 3, the study has 0 to 2"),
    "a name that is none": (
        lambda: wide(np.array(["cat", "dog", "eal"], dtype=object)[SAID]), "has the class eal, which is none of"
    ),
    "a name in other capitals": (
        lambda: wide(np.array(["cat", "Dog", "eel"], dtype=object)[SAID]), "has the class Dog, .* which has dog$",
    ),
    "ids of examples that count from one": (
        lambda: wide(ids=TESTED + 1), "its example ids are those of the study plus one, such as 2",
    ),
    "another label": (lambda: wide().assign(label=[0, 1, 2, 2]), "example 8 has another label than in"),
    "a member less": (lambda: wide(SAID[:2]), "has 2 members, variants.there.members asks for 0-2"),
    "ids that are text": (lambda: wide(ids=np.array(["a", "b", "c", "d"])), "calls an example a; the study's ids"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_the_study_is_told(what: str, folder: Path) -> None:
    make, message = REFUSED[what]
    make().to_csv("file.csv", index=False)
    with pytest.raises(InputError, match=rf"^file\.csv: {message}"):
        taken("file.csv")
    assert not (folder / "predictions.parquet").exists()


def test_an_array_of_other_examples_is_told(folder: Path) -> None:
    np.save("file.npy", SAID[:, :3])
    with pytest.raises(InputError, match=r"^file\.npy: has 3 examples, 4 test examples expected"):
        taken("file.npy")


@pytest.mark.parametrize("step", [1, -1])
def test_classes_that_are_counted_from_another_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.chdir(tmp_path)
    label = np.arange(100) % 25
    text = {name: pa.array([value] * 100).dictionary_encode().cast(TEXT)
            for name, value in {"split": "test", "source": "made up"}.items()}  # fmt: skip
    table = {"example_id": pa.array(np.arange(100), pa.int32()), "label": pa.array(label, pa.int16()), **text}
    write_parquet(
        Path("examples.parquet"), pa.table(table, schema=EXAMPLES), class_names=list("abcdefghijklmnopqrstuvwxy")
    )
    wide(np.maximum(np.array([label, label]) + step, 0), np.arange(100)).to_csv("file.csv", index=False)
    with pytest.raises(InputError, match=r"^file\.csv: \d+ % of the answers are the class id (after|before) the right"):
        taken("file.csv", "0-1")
    wide(np.array([label, label]), np.arange(100)).to_csv("file.csv", index=False)
    assert taken("file.csv", "0-1")["prediction"].tolist() == [*label, *label]
