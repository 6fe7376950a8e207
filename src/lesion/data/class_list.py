"""The classes of a data set: their ids, in the order of a network's outputs, and their names for people.

An id is a name of a folder or a label of a table, in one spelling: Unicode's composed form (NFC), without blanks around
it. macOS writes the decomposed form, which looks the same and has other bytes.
"""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from lesion.artifacts.csv_header import not_utf8, refuse_utf16
from lesion.data.imagenet_facts import class_names
from lesion.data.text_table import read_table
from lesion.errors import InputError

TABLES = (".csv", ".tsv")
ID, NAME = "id", "name"
MOST = 2**15 - 1  # labels are int16
WNID = re.compile(r"n\d{8}")

Line = tuple[int, str, str]
"""Number of a line, a class's id, and its name; the name is empty where none is told."""


def one_spelling(name: str) -> str:
    """The id of the class that a folder or a label names."""
    return unicodedata.normalize("NFC", name).strip()


def for_people(ids: tuple[str, ...]) -> tuple[str, ...]:
    """ImageNet's name of each wnid; any other id is its own name."""
    return class_names(ids) if any(WNID.fullmatch(one) for one in ids) else ids


def nearest(name: str, ids: Iterable[str]) -> str:
    """The end of a message: the id that differs from `name` in its capitals alone; nothing where there is none."""
    close = next((one for one in ids if one.casefold() == name.casefold()), None)
    return "" if close is None else f" ({close} is; capitals count)"


def read_classes(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids and the names of the classes in a file, in its order.

    A file that ends in .csv or .tsv has a column `id`, and may have a column `name`. Any other has one id a line.

    Raises
    ------
    InputError
        Names the first line that is empty, or has an id that was there before, or says that there is no such file.
    """
    try:
        lines = _of_table(path) if path.suffix.lower() in TABLES else _of_text(path)
    except FileNotFoundError:
        raise InputError(f"{path}: missing; a file with the ids of the classes is expected") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    seen: dict[str, int] = {}
    for number, one, _ in lines:
        if not one:
            raise InputError(f"{path}: line {number}: the id of a class is expected, nothing is there")
        if one in seen:
            raise InputError(f"{path}: line {number}: {one} is a class of line {seen[one]} already")
        seen[one] = number
    if not 0 < len(seen) <= MOST:
        raise InputError(f"{path}: has {len(seen)} classes, 1 to {MOST} expected")
    return tuple(seen), _names(lines)


def _names(lines: list[Line]) -> tuple[str, ...]:
    """What people call the classes; those that share a name carry their id, too."""
    ids = tuple(one for _, one, _ in lines)
    told = [name or known for (_, _, name), known in zip(lines, for_people(ids), strict=True)]
    twice = {name for name in told if told.count(name) > 1}
    return tuple(f"{name} ({one})" if name in twice else name for name, one in zip(told, ids, strict=True))


def _of_text(path: Path) -> list[Line]:
    refuse_utf16(path)
    text = path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    return [(number, one_spelling(line), "") for number, line in enumerate(text.split("\n"), 1)]


def _of_table(path: Path) -> list[Line]:
    table = read_table(path, None, has=ID)
    if ID not in table.columns:
        raise InputError(f"{path}: has no column {ID} (it has {', '.join(table.columns)})")
    ids = table.columns[ID]
    names = table.columns.get(NAME, [""] * len(ids))
    return [(line, one_spelling(one), name) for line, one, name in zip(table.lines, ids, names, strict=True)]
