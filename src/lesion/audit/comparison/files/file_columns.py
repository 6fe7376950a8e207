"""What the columns of a table of predictions are, told from its header."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from lesion.audit.comparison.files.cells import has_text
from lesion.audit.comparison.files.formats import Types
from lesion.audit.comparison.files.scores import Scores, score_columns
from lesion.errors import InputError

FLAGS = ("correct_top5", "correct")
MEASURED = ("true_probability", "confidence", *FLAGS)
OF_MODELS = ("prediction", "member", *MEASURED)
OF_EXAMPLES = ("example_id", "label", "cluster")
WIDE = re.compile(r"(?:member|prediction)_([0-9]+)")
WIDE_MEASURED = re.compile(rf"({'|'.join(MEASURED)})_([0-9]+)")
INDEX = re.compile(r"|Unnamed: [0-9]+|__index_level_[0-9]+__")  # what pandas writes unasked
NUMBERS = "numbers of 0 to 1"


@dataclass(frozen=True)
class FileColumns:
    """What the columns of a file are.

    Attributes
    ----------
    read : the columns that are read
    attributes : those that describe the example
    wide : column of each member, by its number; empty for one row a member and example
    measured : which of MEASURED there are, each with its column of each member in a wide file
    unread : columns of lists or bytes, which name no groups
    scores : what the answers are made of, where the file holds what models give every class
    answer : the column of the answers; None where `correct` alone tells of them, or they are made of scores
    """

    read: tuple[str, ...]
    attributes: tuple[str, ...]
    wide: Mapping[int, str]
    measured: Mapping[str, Mapping[int, str]]
    unread: tuple[str, ...]
    scores: Scores | None = None
    answer: str | None = "prediction"

    @property
    def named(self) -> bool:
        """Whether the file tells its members apart by names or numbers."""
        return bool(self.wide) or "member" in self.read

    @property
    def given(self) -> tuple[str, ...]:
        """Which of label and cluster the file tells; a label beside answers that are not known is an attribute."""
        return tuple(name for name in ("label", "cluster") if name in self.read and name not in self.attributes)


def file_columns(path: Path, header: Sequence[str], types: Types) -> FileColumns:
    """Tell from its header what a file holds.

    Parameters
    ----------
    header : the names of its columns
    types : of the columns, by these names

    Raises
    ------
    InputError
        Where a column is missing, there twice, or of a type that holds no such thing.
    """
    names = [name for name in header if not INDEX.fullmatch(name)]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise InputError(f"{path}: column {twice[0]} is there {names.count(twice[0])} times, once expected")
    columns = {int(match[1]): name for name in names if (match := WIDE.fullmatch(name))}
    wide = {} if {"prediction", "member"} & set(names) else columns
    answer = _answer(names)
    scores = None if wide or answer or "correct" in names else score_columns(path, names, types)
    if "example_id" not in names or not (answer or wide or scores or "correct" in names):
        expected = "example_id" if "example_id" not in names else "prediction (or member_0, member_1, …)"
        raise InputError(f"{path}: has no column {expected}; it has {_listed(names)}")
    if wide and (odd := [name for name in OF_MODELS if name in names]):
        raise InputError(f"{path}: column {odd[0]} is of a model, so it needs one row a member and example")
    measured = _measured(path, names, wide)
    of_examples = OF_EXAMPLES if answer or wide or scores else ("example_id", "cluster")
    known = {*OF_MODELS, *of_examples, answer, *wide.values(), *(scores.columns if scores else ())}
    known |= {name for columns in measured.values() for name in columns.values()}
    others = [name for name in names if name not in known]
    unread = tuple(name for name in others if not has_text(types[name], bytes_too=False))
    read = tuple(name for name in names if name not in unread)
    for name in read:
        if not (scores and scores.classes is None and name in scores.columns):
            _check_type(path, name, types[name])
    return FileColumns(
        read, tuple(name for name in others if name not in unread), wide, measured, unread, scores, answer
    )


def _answer(names: Sequence[str]) -> str | None:
    """The column of the answers; beside `correct` it may be called so."""
    if "prediction" in names:
        return "prediction"
    return "answer" if "answer" in names and "correct" in names else None


def _measured(path: Path, names: Sequence[str], wide: Mapping[int, str]) -> dict[str, dict[int, str]]:
    """What is measured of each answer; of a wide file with a column for each member."""
    if not wide:
        return {name: {} for name in MEASURED if name in names}
    found: dict[str, dict[int, str]] = {}
    for name in names:
        if match := WIDE_MEASURED.fullmatch(name):
            found.setdefault(match[1], {})[int(match[2])] = name
    for what, columns in found.items():
        if odd := sorted(columns.keys() ^ wide.keys()):
            raise InputError(f"{path}: only one of {wide.get(odd[0], f'member_{odd[0]}')} and {what}_{odd[0]} is there")
    return found


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"


def _check_type(path: Path, name: str, kind: pa.DataType) -> None:
    of = match[1] if (match := WIDE_MEASURED.fullmatch(name)) else name
    expected = dict.fromkeys(MEASURED, NUMBERS) | dict.fromkeys(FLAGS, "true or false")
    number = expected.get(of) == NUMBERS
    if not has_text(kind) or (number and pa.types.is_temporal(kind)):
        raise InputError(f"{path}: column {name} holds {kind}; {expected.get(of, 'whole numbers or text')} expected")
