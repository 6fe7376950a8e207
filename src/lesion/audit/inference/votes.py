"""What a population says of each example, all members together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Votes:
    """How many members give which label to each example; labels that an example gets from nobody are left out.

    With 1,000 classes a full table would be almost all zeros.

    Attributes
    ----------
    example : int64 (k,), position of the example, ascending
    label : int64 (k,), ascending within an example
    count : int64 (k,), at least 1; those of an example sum to `members`
    first_member : int64 (k,), position of the first member that gives the label
    members : how many members vote
    """

    example: Integers
    label: Integers
    count: Integers
    first_member: Integers
    members: int

    @property
    def first(self) -> Integers:
        """Where each example's entries begin: int64 (examples,)."""
        return np.flatnonzero(np.diff(self.example, prepend=-1))


def votes(prediction: npt.NDArray[np.integer], classes: int) -> Votes:
    """Count the labels of each example.

    Parameters
    ----------
    prediction : int (members, examples), each in [0, classes)
    """
    members, examples = prediction.shape
    narrow = np.int32 if examples * classes < 2**31 else np.int64
    said = np.arange(examples, dtype=narrow) * classes + prediction.astype(narrow, copy=False)
    codes, place, count = np.unique(said, return_index=True, return_counts=True)  # the place is that of the first
    codes = codes.astype(np.int64)
    return Votes(codes // classes, codes % classes, count, place // examples, members)


def modal_label(cast: Votes, classes: int, ties: str) -> tuple[Integers, Integers]:
    """The label that most members give, and how many give it.

    Parameters
    ----------
    ties : which of several with the most votes it is: that of the first "member", whatever classes are called, or the
        largest "label", the rule of the paper

    Returns
    -------
    int64 (examples,), int64 (examples,)
    """
    if ties == "label":
        best = np.maximum.reduceat(cast.count * classes + cast.label, cast.first)
        return best % classes, best // classes
    earlier = cast.members - cast.first_member  # no two labels of an example have the same first member
    rank = cast.count * (cast.members + 1) + earlier
    best = np.flatnonzero(rank == np.maximum.reduceat(rank, cast.first)[cast.example])
    return cast.label[best], cast.count[best]


def margin(cast: Votes) -> npt.NDArray[np.float64]:
    """The share of the most frequent label less that of the second, 1 where all agree: float64 (examples,)."""
    rank = np.lexsort((-cast.count, cast.example))  # within an example the most frequent first
    count, first = cast.count[rank], cast.first
    several = np.diff(first, append=len(count)) > 1
    second = np.where(several, count[np.minimum(first + 1, len(count) - 1)], 0)
    return np.asarray((count[first] - second) / cast.members)


def given(
    prediction: npt.NDArray[np.integer], code: npt.NDArray[np.integer], classes: int, dtype: npt.DTypeLike
) -> npt.NDArray[Any]:
    """Who gives which of the labels that anyone gives: 0 or 1, (members, k).

    Parameters
    ----------
    prediction : int (members, examples), each in [0, classes)
    code : int (k,), ascending: the position of an example × classes + a label, of each label that an example gets
    dtype : of the result
    """
    places = np.arange(prediction.shape[1], dtype=np.int64) * classes
    found = np.zeros((len(prediction), len(code)), dtype=dtype)
    for row, said in zip(found, prediction, strict=True):
        row[np.searchsorted(code, places + said)] = 1
    return found


@dataclass(frozen=True)
class SideBySide:
    """Two populations' votes, for every label that either of them gives to an example.

    Attributes
    ----------
    code : int64 (k,), ascending: the position of the example × classes + the label
    one, other : int64 (k,), how many members of each population give the label
    """

    code: Integers
    one: Integers
    other: Integers


def side_by_side(one: Votes, other: Votes, classes: int) -> SideBySide:
    """Lay the votes of two populations beside each other."""
    codes = [cast.example * classes + cast.label for cast in (one, other)]
    union = np.union1d(*codes)
    counts = np.zeros((2, len(union)), dtype=np.int64)
    for row, code, cast in zip(counts, codes, (one, other), strict=True):
        row[np.searchsorted(union, code)] = cast.count
    return SideBySide(union, *counts)
