"""Text from data, such as class names, as people can read it."""

import os
import unicodedata
from pathlib import Path


def escaped(character: str) -> str:
    r"""The code of a character that cannot be shown, such as `\x0b` or `\u72ac`."""
    return character.encode("unicode_escape").decode("ascii")


def _printable(character: str) -> str:
    kind = unicodedata.category(character)
    if character in "\t\n\r" or kind in {"Zl", "Zp"}:
        return " "
    return escaped(character) if kind in {"Cc", "Cs"} else character


def printable(text: str) -> str:
    """The text on one line: tabs and line breaks as blanks, control characters and lone surrogates as their codes."""
    return text if text.isprintable() else "".join(map(_printable, text))


def path_text(path: Path) -> str:
    r"""A path as text that any file can hold: bytes of a name that is not UTF-8 become `\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
