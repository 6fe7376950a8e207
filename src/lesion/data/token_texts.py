"""Texts as numbers of words, held in memory."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lesion.data.inputs import Kind, Rows, Shown, refuse_augmentation
from lesion.params.augmentation import Augmentation

Numbers = npt.NDArray[np.int32]

PADDING, UNKNOWN, FIRST = 0, 1, 2  # after the end of a text; a word that the vocabulary lacks; its first word
GAP = "□"  # for a word that the vocabulary lacks


@dataclass(frozen=True)
class TokenTexts:
    """Texts by row.

    Attributes
    ----------
    tokens : int32 (n, length); 0 after the end, 1 for an unknown word, 2 and up for those of the vocabulary
    vocabulary : its words
    """

    tokens: Numbers
    vocabulary: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """Texts."""
        return "texts"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example."""
        return self.tokens.shape[1:]

    @property
    def sizes(self) -> dict[str, int]:
        """How many numbers of words there are, padding and the unknown word among them, and the words of a text."""
        return {"vocabulary": FIRST + len(self.vocabulary), "length": self.tokens.shape[1]}

    def read(self, rows: Rows) -> Numbers:
        """The numbers of the words: int32 (n, length)."""
        return self.tokens[rows]

    def augmented(self, rows: Rows, augmentation: Augmentation, seed: int) -> Numbers:  # noqa: ARG002
        """The same; InputError where `augmentation` asks for changes of images."""
        refuse_augmentation(augmentation, self.kind)
        return self.read(rows)

    def shown(self, rows: Rows) -> list[Shown]:
        """What a network sees of each: its words, with gaps for unknown ones."""
        words = np.array(["", GAP, *self.vocabulary], dtype=object)
        return [" ".join(words[tokens[tokens != PADDING]]) for tokens in self.tokens[rows]]
