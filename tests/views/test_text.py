import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesion.views.text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a cat", "a cat"),
        ("tab\x0bbed\x00", r"tab\x0bbed\x00"),
        ("line\nbreak\tand\rmore\u2028", "line break and more "),
        ("\x85\x9b", r"\x85\x9b"),
        ("na\udcefve", r"na\udcefve"),
        ("92.9\N{NO-BREAK SPACE}% 犬🦊 قطة $x$", "92.9\N{NO-BREAK SPACE}% 犬🦊 قطة $x$"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()))
def test_what_is_shown_can_be_encoded_and_stands_on_one_line(text: str) -> None:
    shown = printable(text)
    assert shown.encode().decode() == shown
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown
