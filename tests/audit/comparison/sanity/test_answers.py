"""Answers that belong to other labels, and right answers that are not among the first five."""

from pathlib import Path

import numpy as np
import pytest

from lesion.audit.comparison.from_arrays import from_arrays
from lesion.audit.comparison.from_files import from_files
from lesion.errors import InputError
from tests.audit.comparison.files.files import named, rows, written

LABEL = np.arange(100) % 5


def test_a_file_whose_answers_are_of_other_classes(tmp_path: Path) -> None:
    other = named(rows(2)).replace({"prediction": {name: f"n{name}" for name in ("ant", "bee", "cat", "dog")}})
    paths = written(tmp_path / "a.csv", named(rows(1))), written(tmp_path / "b.csv", other)
    with pytest.raises(
        InputError, match=rf"^{paths[1]}: none of its answers is a class of any label; it answers n\w+ and such, labels"
    ):
        from_files(*paths)


def test_answers_of_which_hardly_any_is_a_label() -> None:
    said = LABEL + 50
    said[0] = LABEL[0]
    with pytest.raises(InputError, match=r"^dense: only 1 % of its answers are a class of any label; it answers 5\d"):
        from_arrays(said, LABEL, LABEL)


@pytest.mark.parametrize("side", [0, 1])
def test_classes_that_were_given_are_right(side: int) -> None:
    said = [LABEL, LABEL]
    said[side] = LABEL + 50
    from_arrays(said[0], said[1], LABEL, classes=60)
    with pytest.raises(InputError, match=f"^{('dense', 'compressed')[side]}: none of its answers"):
        from_arrays(said[0], said[1], LABEL)


def test_a_broken_model_that_always_says_one_class() -> None:
    dense = np.where(np.arange(100) < 90, LABEL, 7)
    from_arrays(dense, np.full(100, 7), LABEL)


def test_models_that_know_many_more_classes_than_the_labels_have() -> None:
    rng = np.random.default_rng(0)
    dense, compressed = rng.integers(0, 1000, (2, 200))
    dense[:3] = compressed[:3] = 4
    from_arrays(dense, compressed, np.full(200, 4))


def test_examples_too_few_to_tell_which_classes_there_are() -> None:
    rng = np.random.default_rng(1)
    label, dense, compressed = rng.integers(0, 10_000, (3, 12))
    assert not set(label) & {*dense, *compressed}
    from_arrays(dense, compressed, label)
    label, dense, compressed = rng.integers(0, 1000, (3, 600))
    with pytest.raises(InputError, match=r"^dense: none of its answers"):
        from_arrays(dense + 1000, compressed, label)


def test_a_right_answer_that_is_not_among_the_first_five(tmp_path: Path) -> None:
    one, other = rows(1), rows(2)
    odd = other.index[(other["prediction"] == other["label"]) & (other["member"] == 4)][0]
    other.loc[odd, "correct_top5"] = False
    paths = written(tmp_path / "a.csv", one), written(tmp_path / "b.csv", other)
    said = f"^{paths[1]}: correct_top5 is false for example {other['example_id'][odd]}, member 4, though its prediction"
    with pytest.raises(InputError, match=rf"{said} is the label; 1 of 60 answers are such$"):
        from_files(*paths)


def test_five_answers_of_arrays() -> None:
    top5 = np.ones((1, 100), dtype=bool)
    from_arrays(LABEL, LABEL, LABEL, correct_top5=(top5, None))
    top5[0, 9] = False
    with pytest.raises(InputError, match=r"^dense: correct_top5 is false for example 9, though its prediction is the"):
        from_arrays(LABEL, LABEL, LABEL, correct_top5=(top5, None))
    from_arrays(LABEL, LABEL, correct_top5=(top5, None))
