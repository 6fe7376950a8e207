"""Names of classes that differ in spelling alone are told, unless spelling is what tells the classes apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.audit.comparison.from_files import from_files
from lesion.errors import InputError
from tests.audit.comparison.files.files import written

LABELS = ["A", "New York", "café", "C"] * 5


def compared(folder: Path, label: list[str] | None, answers: list[list[str]], suffix: str = ".csv") -> Any:
    """Two files of one model each, dense and compressed."""
    table = pd.DataFrame({"example_id": np.arange(len(answers[0]))} | ({} if label is None else {"label": label}))
    paths = (folder / f"a{suffix}", folder / f"b{suffix}")
    for path, said in zip(paths, answers, strict=True):
        written(path, table.assign(prediction=said))
    return from_files(*paths)


def replaced(name: str, other: str) -> list[str]:
    return [other if one == name else one for one in LABELS]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("name", "other", "said"),
    [
        ("A", "a", r"answers a \(5 times\), the labels have A: they differ in capitals alone"),
        ("New York", "New  York", r"answers New  York \(5 times\), .* in blanks or the form of letters alone"),
        ("New York", "New\u00a0York", r"answers 'New\\xa0York' \(5 times\), the labels have New York"),
        ("New York", "new_york", "answers new_york"),
        ("C", "Ｃ", "answers Ｃ .* in blanks or the form of letters"),
        ("C", "C\u200b", r"answers 'C\\u200b'"),
        ("café", "CAFÉ", "answers CAFÉ .* in capitals alone"),
    ],
)
@pytest.mark.parametrize("side", [0, 1])
def test_an_answer_that_is_a_label_but_for_its_spelling(
    tmp_path: Path, name: str, other: str, said: str, side: int, suffix: str
) -> None:
    answers = [LABELS, LABELS]
    answers[side] = replaced(name, other)
    with pytest.raises(InputError, match=said) as caught:
        compared(tmp_path, LABELS, answers, suffix)
    assert str(caught.value).startswith(f"{tmp_path / 'ab'[side]}{suffix}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("label", [LABELS, None])
def test_two_files_that_spell_a_name_in_two_ways_which_is_no_label(tmp_path: Path, label: list[str] | None) -> None:
    said = [replaced("A", "Other"), replaced("A", "other")]
    with pytest.raises(InputError, match=r"a\.csv: answers Other \(5 times\), .*b\.csv has other: .* capitals"):
        compared(tmp_path, label, said)


@pytest.mark.parametrize("label", [["A", "a", "B", "c"] * 5, None])
def test_letters_that_are_classes_in_capitals_and_without(tmp_path: Path, label: list[str] | None) -> None:
    known = ["A", "a", "B", "c"] * 5
    comparison = compared(tmp_path, label, [known, ["b" if one == "B" else one for one in known]])
    assert set(comparison.classes) == {"A", "a", "B", "b", "c"}


def test_the_same_name_in_other_bytes_is_the_same(tmp_path: Path) -> None:
    comparison = compared(tmp_path, LABELS, [LABELS, replaced("café", "cafe\u0301 ")])
    assert comparison.dense.prediction.tolist() == comparison.compressed.prediction.tolist()


def test_an_answer_that_is_no_label_and_like_none(tmp_path: Path) -> None:
    comparison = compared(tmp_path, LABELS, [LABELS, replaced("A", "no answer")])
    assert "no answer" in comparison.classes
