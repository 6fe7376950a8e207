"""A document of a benchmark: what was asked, what was answered, and how it was graded."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a task, with the answer of the model.

    Attributes
    ----------
    doc_id : its place in the data set
    key : of the document and its target: the same in every run
    target : the right answer, as the benchmark writes it
    scores : log probability of each choice; None where the model writes text
    choices : the texts of the choices; empty where they are not told apart
    answer : the text that was written, filtered; None where none was
    metrics : name → value
    text : what is asked
    passage : what it is asked about; None where the document does not tell
    subject : of the document; None likewise
    line : what must be the same where a document is there twice
    """

    doc_id: int | str
    key: str
    target: str
    scores: tuple[float, ...] | None
    choices: tuple[str, ...]
    answer: str | None
    metrics: Mapping[str, Any]
    text: str
    passage: str | None
    subject: str | None
    line: str


def digest(text: str) -> str:
    """SHA-256, hexadecimal, as lm-evaluation-harness hashes."""
    return hashlib.sha256(text.encode()).hexdigest()
