"""Texts as words, and words as numbers."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from lesion.data.token_texts import FIRST, PADDING, UNKNOWN, Numbers

WORD = re.compile(r"\w+|[^\w\s]")


def words(text: str) -> list[str]:
    """The words of a text in small letters, each sign of punctuation a word of its own; letters in composed form."""
    return WORD.findall(unicodedata.normalize("NFC", text).lower())


def vocabulary(texts: Iterable[Sequence[str]], size: int) -> tuple[str, ...]:
    """The `size` words that most often occur, most frequent first; of equally frequent ones in alphabetical order."""
    counts = Counter(word for text in texts for word in text)
    return tuple(sorted(counts, key=lambda word: (-counts[word], word))[:size])


def numbers(texts: Sequence[Sequence[str]], known: Sequence[str], length: int) -> Numbers:
    """The first `length` words of each text as numbers, int32 (n, length), as `token_texts.TokenTexts` has them."""
    number = {word: FIRST + place for place, word in enumerate(known)}
    found = np.full((len(texts), length), PADDING, dtype=np.int32)
    for row, text in zip(found, texts, strict=True):
        said = [number.get(word, UNKNOWN) for word in text[:length]]
        row[: len(said)] = said
    return found
