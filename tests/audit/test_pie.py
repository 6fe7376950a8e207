from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.artifacts import paths
from lesion.audit.pie import grade, modal_label, pie, votes
from lesion.audit.populations import Population
from lesion.errors import InputError
from tests.synthetic import labels, population, write_examples, write_population

SEEDS = st.integers(0, 2**32 - 1)


def mode(said: list[int]) -> int:
    counted = Counter(said)
    return max(counted, key=lambda label: (counted[label], label))  # ties go to the largest class id


def pair(seed: int, *, members: tuple[int, int] = (4, 6), classes: int = 4) -> tuple[Population, Population]:
    rng = np.random.default_rng(seed)
    label = labels(rng, 8 * classes, classes)
    one, other = (population(rng, label, members=count, classes=classes, skill=rng.random()) for count in members)
    return one, other


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, members=st.integers(1, 9), classes=st.integers(1, 12))
def test_votes_and_modal_labels_are_those_of_a_loop(seed: int, members: int, classes: int) -> None:
    made, _ = pair(seed, members=(members, 1), classes=classes)
    cast = votes(made.prediction, classes)
    columns = [column.tolist() for column in made.prediction.T]
    expected = [
        (example, label, count)
        for example, column in enumerate(columns)
        for label, count in sorted(Counter(column).items())
    ]
    assert list(zip(cast.example.tolist(), cast.label.tolist(), cast.count.tolist(), strict=True)) == expected
    assert cast.members == members
    labels_found, shares = modal_label(cast, classes)
    assert labels_found.tolist() == [mode(column) for column in columns]
    assert shares.tolist() == pytest.approx([column.count(mode(column)) / members for column in columns])


def test_ties_go_to_the_largest_class() -> None:
    prediction = np.array([[0, 0, 0, 0], [1, 2, 1, 0], [0, 2, 2, 0], [1, 0, 2, 0]])
    assert modal_label(votes(prediction, 3), 3)[0].tolist() == [1, 2, 2, 0]


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, members=st.tuples(st.integers(1, 6), st.integers(1, 6)), classes=st.integers(2, 7))
def test_each_example_is_graded_as_by_a_loop(seed: int, members: tuple[int, int], classes: int) -> None:
    dense, compressed = pair(seed, members=members, classes=classes)
    rows = grade(dense, compressed, classes=classes).to_pylist()
    assert [row["example_id"] for row in rows] == dense.example_id.tolist()
    for column, row in enumerate(rows):
        said = [made.prediction[:, column].tolist() for made in (dense, compressed)]
        assert row["label"] == dense.label[column]
        assert (row["dense_label"], row["compressed_label"]) == (mode(said[0]), mode(said[1]))
        assert row["pie"] == (mode(said[0]) != mode(said[1]))
        shares = [[answers.count(label) / len(answers) for label in range(classes)] for answers in said]
        assert row["taxicab"] == pytest.approx(sum(abs(a - b) for a, b in zip(*shares, strict=True)), abs=1e-6)
        assert 0 <= row["taxicab"] <= 2 + 1e-6
        assert row["dense_share"] == pytest.approx(max(shares[0]))
        assert row["compressed_share"] == pytest.approx(max(shares[1]))


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_which_population_is_compressed_does_not_matter(seed: int) -> None:
    dense, compressed = pair(seed)
    there, back = grade(dense, compressed, classes=4), grade(compressed, dense, classes=4)
    for name in ("pie", "taxicab"):
        assert there.column(name).equals(back.column(name))
    assert there.column("dense_label").equals(back.column("compressed_label"))


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_a_population_against_itself_has_no_pie(seed: int) -> None:
    dense, _ = pair(seed)
    shuffled = replace(dense, prediction=np.random.default_rng(seed).permutation(dense.prediction, axis=0))
    table = grade(dense, shuffled, classes=4).to_pandas()
    assert not table["pie"].any()
    assert (table["taxicab"] == 0).all()


def test_unanimous_populations_that_disagree_are_two_apart() -> None:
    dense, compressed = pair(0)
    one = replace(dense, prediction=np.zeros_like(dense.prediction))
    other = replace(compressed, prediction=np.full_like(compressed.prediction, 3))
    table = grade(one, other, classes=4).to_pandas()
    assert (table["taxicab"] == 2).all()
    assert table["pie"].all()


def test_populations_of_different_examples() -> None:
    dense, compressed = pair(0)
    with pytest.raises(InputError, match="example ids are in one population and not in the other"):
        grade(dense, replace(compressed, example_id=compressed.example_id + 1), classes=4)


@pytest.mark.parametrize("beyond", [-1, 4])
def test_a_prediction_that_no_class_has(beyond: int) -> None:
    dense, compressed = pair(0)
    prediction = compressed.prediction.copy()
    prediction[0, 5] = beyond
    with pytest.raises(InputError):
        grade(dense, replace(compressed, prediction=prediction), classes=4)


def test_the_step_writes_every_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dense, compressed = pair(7)
    write_examples("toy", dense, list("abcd"))
    write_population("toy", "dense", "0-3", dense)
    write_population("toy", "half", "0-3", compressed)
    pie(study="toy", variant="half", shards=["0-3"])
    pd.testing.assert_frame_equal(
        pd.read_parquet(paths.pie("toy", "half")), grade(dense, compressed, classes=4).to_pandas()
    )
