"""Text from data, such as class names, as people can read it."""

import unicodedata


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
