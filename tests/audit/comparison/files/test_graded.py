"""A column `correct`: answers that are right or wrong, and are no classes."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.audit.comparison.files.read import read_predictions
from lesion.audit.comparison.from_files import from_files
from lesion.audit.estimator import Audit
from lesion.errors import InputError
from tests.audit.comparison.files.files import written

WORDS = np.array(["red", "blue", "green", "2.5", "7"])


def table(seed: int, *, members: int = 1, examples: int = 60, skill: float = 0.6) -> Any:
    """Answers of a few words, of which the first of each example is right."""
    rng = np.random.default_rng(seed)
    word = np.where(rng.random((members, examples)) < skill, 0, rng.integers(1, 4, (members, examples)))
    right = np.arange(examples) % len(WORDS)
    return pd.DataFrame(
        {
            "example_id": np.tile([f"q{number}" for number in range(examples)], members),
            "member": np.repeat([f"seed{number}" for number in range(members)], examples),
            "correct": (word == 0).ravel(),
            "prediction": WORDS[(right + word) % len(WORDS)].ravel(),
            "topic": np.tile(np.where(np.arange(examples) % 3, "sums", "words"), members),
            "confidence": rng.random(members * examples),
        }
    ).sample(frac=1, random_state=seed)


def wide(table: Any, column: str) -> Any:
    return table.pivot(index="member", columns="example_id", values=column)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("members", [(1, 1), (3, 4)])
def test_kinds_of_wrong_answers_are_those_that_a_loop_tells(
    tmp_path: Path, suffix: str, members: tuple[int, int]
) -> None:
    one, other = (table(seed, members=count) for seed, count in zip((1, 2), members, strict=True))
    paths = written(tmp_path / f"a{suffix}", one), written(tmp_path / f"b{suffix}", other.drop(columns="topic"))
    comparison = from_files(*paths)
    assert comparison.graded
    assert comparison.classes[:3].tolist() == ["right", "wrong", "wrong otherwise"]
    assert (comparison.dense.known_label == 0).all()
    answers = [*wide(one, "prediction").to_numpy(), *wide(other, "prediction").to_numpy()]
    correct = [*wide(one, "correct").to_numpy(), *wide(other, "correct").to_numpy()]
    code = np.concatenate([comparison.dense.prediction, comparison.compressed.prediction])
    for example in range(code.shape[1]):
        seen: list[str] = []
        for member in range(len(code)):
            answer = answers[member][example]
            if correct[member][example]:
                assert code[member, example] == 0
                continue
            seen = seen if answer in seen else [*seen, answer]
            assert code[member, example] == 1 + seen.index(answer)
    assert comparison.answers is not None
    assert [answers[0].tolist(), answers[members[0]].tolist()] == [said.tolist() for said in comparison.answers]
    assert comparison.groups["topic"].tolist() == wide(one, "topic").to_numpy()[0].tolist()


def test_broken_fixed_and_moved_answers_are_counted_and_nothing_is_said_of_classes(tmp_path: Path) -> None:
    one, other = table(1, examples=300), table(2, examples=300)
    paths = written(tmp_path / "a.csv", one), written(tmp_path / "b.csv", other)
    audit = Audit().fit(read_predictions(paths[0]), read_predictions(paths[1]))
    before, after = (made.set_index("example_id").sort_index() for made in (one, other))
    whole = audit.flips_.iloc[0]
    both_wrong = ~before["correct"] & ~after["correct"]
    assert whole["broken"] == (before["correct"] & ~after["correct"]).sum()
    assert whole["fixed"] == (~before["correct"] & after["correct"]).sum()
    assert whole["moved"] == (both_wrong & (before["prediction"] != after["prediction"])).sum()
    assert set(audit.flips_["attribute"]) == {"all", "topic"}
    assert set(audit.subgroups_["measure"]) == {"error"}
    assert audit.impact_.empty
    assert set(audit.calibration_["attribute"]) == {"all", "topic"}
    changed = int((before["prediction"] != after["prediction"]).sum())
    [note] = [note for note in audit.notes_ if note.startswith("Answers are graded")]
    assert f"The text of {changed} of 300 answers is another" in note
    assert not [note for note in audit.notes_ if "one class" in note or "of another:" in note]


@pytest.mark.parametrize("column", ["prediction", "answer"])
def test_answers_may_be_called_so_be_numbers_or_be_empty(tmp_path: Path, column: str) -> None:
    said = pd.DataFrame({"example_id": [1, 2, 3, 4], "correct": [1, 0, 0, 0], "prediction": ["2.5", None, "2", "1.5"]})
    paths = [
        written(tmp_path / name, made.rename(columns={"prediction": column}))
        for name, made in (("a.csv", said), ("b.csv", said.assign(prediction=["2.5", "x", "2", None])))
    ]
    comparison = from_files(paths[0], paths[1])
    assert comparison.dense.prediction.tolist() == [[0, 1, 1, 1]]
    assert comparison.compressed.prediction.tolist() == [[0, 2, 1, 2]]
    assert comparison.answers is not None
    assert comparison.answers[0].tolist() == ["2.5", "(empty)", "2", "1.5"]


def test_without_answers_wrong_ones_are_not_told_apart(tmp_path: Path) -> None:
    one, other = table(1), table(2).drop(columns="prediction")
    comparison = from_files(written(tmp_path / "a.csv", one), written(tmp_path / "b.csv", other))
    assert comparison.classes.tolist() == ["right", "wrong"]
    assert comparison.answers is None
    np.testing.assert_array_equal(comparison.dense.correct, wide(one, "correct"))
    np.testing.assert_array_equal(comparison.compressed.correct, wide(other, "correct"))
    notes = Audit().compare(comparison).notes_
    assert [note for note in notes if "do not tell what was answered" in note]


def test_a_side_with_labels_is_graded_by_them(tmp_path: Path) -> None:
    one, other = table(1), table(2)
    label = WORDS[np.array([int(name[1:]) for name in one["example_id"]]) % len(WORDS)]
    labelled = one.drop(columns="correct").assign(label=label)
    labelled = labelled.assign(prediction="a " + labelled["prediction"], label="a " + labelled["label"])
    graded = from_files(written(tmp_path / "a.csv", labelled), written(tmp_path / "b.csv", other))
    np.testing.assert_array_equal(graded.dense.correct, wide(one, "correct"))
    bare = written(tmp_path / "c.csv", labelled.drop(columns="label"))
    with pytest.raises(InputError, match=r"c\.csv: has neither a label nor a column correct, which .*b\.csv has"):
        from_files(bare, tmp_path / "b.csv")


def test_correct_beside_a_label_is_whether_both_are_equal(tmp_path: Path) -> None:
    plain = pd.DataFrame({"example_id": [1, 2, 3], "prediction": [0, 1, 1], "label": [0, 1, 0]})
    agreeing = read_predictions(written(tmp_path / "a.csv", plain.assign(correct=[True, True, False])))
    assert agreeing.correct is None
    assert agreeing.population.known_label.tolist() == [0, 1, 0]
    for flags, said in (
        ([True, False, False], "correct is False for example 2, whose prediction and label are the same; 1 of 3"),
        ([True, True, True], "correct is True for example 3, whose prediction and label differ; 1 of 3"),
    ):
        with pytest.raises(InputError, match=said):
            read_predictions(written(tmp_path / "a.csv", plain.assign(correct=flags)))


def test_a_label_without_answers_is_a_group(tmp_path: Path) -> None:
    made = pd.DataFrame({"example_id": [1, 2, 3], "label": ["cat", "dog", "cat"], "correct": ["true", "FALSE", "1"]})
    found = read_predictions(written(tmp_path / "a.csv", made))
    assert found.attributes["label"].tolist() == ["cat", "dog", "cat"]
    assert found.correct is not None
    assert found.correct.tolist() == [[True, False, True]]
    with pytest.raises(InputError, match=r"column correct is perhaps for example 3; true or false expected"):
        read_predictions(written(tmp_path / "a.csv", made.assign(correct=["1", "0", "perhaps"])))


def test_all_answers_of_a_side_wrong(tmp_path: Path) -> None:
    one, other = table(1), table(2).assign(correct=False)
    paths = written(tmp_path / "a.csv", one), written(tmp_path / "b.csv", other)
    notes = Audit().compare(from_files(*paths)).notes_
    assert "All compressed answers are wrong: is correct what it should be?" in notes
