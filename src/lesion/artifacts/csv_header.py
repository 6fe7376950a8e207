"""The first line of a CSV file: the names of its columns, and what stands between them."""

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from lesion.errors import InputError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Header:
    """What the header of a CSV file tells.

    Attributes
    ----------
    names : of the columns, without blanks around them
    separator : comma, semicolon, tab or bar; or the character that was asked for
    lines : how many lines to skip before the first row, the header among them
    """

    names: tuple[str, ...]
    separator: str
    lines: int


def open_bytes(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked where its name ends in .gz."""  # Arrow opens no name that is not UTF-8
    return cast(BinaryIO, gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def read_header(path: Path, separator: str | None = None, *, has: str) -> Header:
    """Read the header, and tell the separator from it.

    Parameters
    ----------
    separator : a single character, or `tab`; None: the one by which a column is called `has`
    has : a column that every such table has

    Raises
    ------
    InputError
        Where the file is empty, or is not UTF-8.
    """
    refuse_utf16(path)
    if separator is not None:
        character = "\t" if separator in ("tab", "\\t") else separator
        if len(character) != 1 or character in '"\r\n' or not character.isascii():
            raise InputError(f"--separator: is {separator!r}; a single character, or tab, expected")
        return _split(path, character)
    found = [_split(path, character) for character in SEPARATORS]
    return next((header for header in found if has in header.names), found[0])


def refuse_utf16(path: Path) -> None:
    """InputError where a file begins as UTF-16 does."""
    with open_bytes(path) as file:
        start = file.read(8)
    if _is_utf16(start):
        raise InputError(f"{path}: is UTF-16 text, UTF-8 expected")


def not_utf8(path: Path) -> InputError:
    """The error for text in an encoding of one byte a letter."""
    return InputError(f"{path}: is not UTF-8 text, perhaps Latin-1 or Windows-1252; UTF-8 expected")


def _is_utf16(start: bytes) -> bool:
    """Whether the first eight bytes have the mark of UTF-16, or every second one is zero, as in unaccented letters."""
    unmarked = len(start) == 8 and not (any(start[::2]) and any(start[1::2]))
    return unmarked or start.startswith((b"\xff\xfe", b"\xfe\xff"))


def _split(path: Path, separator: str) -> Header:
    with open_bytes(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        try:
            for lines, row in enumerate(csv.reader(text, delimiter=separator), start=1):
                if row:
                    return Header(tuple(name.strip() for name in row), separator, lines)
        except UnicodeDecodeError:
            raise not_utf8(path) from None
        except csv.Error:  # with the wrong separator, all names together are one that is too long
            return Header((), separator, 0)
    raise InputError(f"{path}: cannot be read (it is empty)")
