"""The data set `texts`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lesion.data.dataset import Texts
from lesion.data.prepare import prepare
from lesion.data.sets import texts
from lesion.data.sets.texts import Options
from lesion.data.split import read_split
from lesion.data.token_texts import TokenTexts
from lesion.data.words import numbers, vocabulary, words
from lesion.errors import InputError

HELD = {
    "train/good/a.txt": "Good, GOOD day!",
    "train/bad/a.txt": "A bad day.\nBad weather",
    "test/good/1.txt": "what a good café",
    "test/bad/1.TXT": "bad",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in HELD.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def load(place: Path, **options: Any) -> Texts:
    return texts.load(Options.read({"root": str(place), "length": 4, "vocabulary": 3} | options, where="toy"))


def test_the_vocabulary_is_of_the_training_texts(root: Path) -> None:
    found = load(root)
    assert found.vocabulary == ("bad", "day", "good")  # twice each; `a` and the signs are there once
    assert found.ids == ("bad", "good")
    assert found.label.tolist() == [0, 1, 0, 1]
    assert found.files.to_pylist() == ["train/bad/a.txt", "train/good/a.txt", "test/bad/1.TXT", "test/good/1.txt"]
    assert found.tokens.tolist() == [[1, 2, 3, 1], [4, 1, 4, 3], [2, 0, 0, 0], [1, 1, 4, 1]]


def test_words_are_plain() -> None:
    assert words("Don't  stop:\tCafe\u0301 3.5 猫") == ["don", "'", "t", "stop", ":", "café", "3", ".", "5", "猫"]
    assert vocabulary([["b", "a"], ["a", "c"]], 2) == ("a", "b")


@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=8), min_size=1), st.integers(1, 6), st.integers(1, 7))
def test_people_see_the_words_that_a_network_sees(said: list[list[str]], size: int, length: int) -> None:
    known = vocabulary(said, size)
    held = TokenTexts(numbers(said, known, length), known)
    assert held.sizes == {"vocabulary": 2 + len(known), "length": length}
    assert held.read(np.arange(len(said))).max(initial=0) < held.sizes["vocabulary"]
    expected = [" ".join(word if word in known else "□" for word in text[:length]) for text in said]
    assert held.shown(np.arange(len(said))) == expected


@pytest.mark.parametrize(
    ("name", "held", "message"),
    [
        ("train/good/b.txt", b"caf\xe9", r"train/good/b\.txt: is not UTF-8 text$"),
        ("train/good/b.txt", b" \n", r"train/good/b\.txt: holds no word$"),
        ("test/good/b.png", b"x", r"test/good/b\.png: not a text file by its name \(one of \.txt expected\)$"),
        ("test/ugly/b.txt", b"x", None),
        ("test/good/sub/b.txt", b"x", r"test/good/sub: a folder within a class; files are expected in .*good itself$"),
    ],
)
def test_what_does_not_fit_is_named(root: Path, name: str, held: bytes, message: str | None) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_bytes(held)
    if message is None:
        assert load(root).ids == ("bad", "good", "ugly")
        return
    with pytest.raises(InputError, match=message):
        load(root)


def test_what_is_stored_is_what_a_network_gets(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    files = {"examples": Path("examples.parquet"), "images": Path("images.safetensors")}
    prepare(study="toy", data={"name": "texts", "root": ".", "length": 4, "vocabulary": 3}, **files)
    split = read_split(files["examples"], files["images"], "test")
    tokens = split.normalise(torch.from_numpy(split.images.read(np.arange(2))))
    assert tokens.dtype == split.blank().dtype == torch.int64
    assert tokens.tolist() == [[2, 0, 0, 0], [1, 1, 4, 1]]
    assert split.images.shown(np.array([1])) == ["□ □ good □"]
