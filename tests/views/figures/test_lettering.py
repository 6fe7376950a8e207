import logging
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import figure as mpl
from matplotlib import font_manager

from lesion.params.figure import Figure
from lesion.views.figures import lettering, saving, style
from lesion.views.figures.lettering import FONT, families, shortened

SIZE = Figure(width=4, height=3, font_size=8)
DOG, FOX = "\N{CJK UNIFIED IDEOGRAPH-72AC}", "\N{FOX FACE}"


def made_up_font(path: Path, family: str, outlined: str, empty: str = "") -> None:
    """A font of squares for some characters, and of nothing for others, as fonts of coloured bitmaps are."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 700), (700, 700), (700, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square, nothing = pen.glyph(), TTGlyphPen(None).glyph()
    names = {character: f"u{ord(character):X}" for character in outlined + empty}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap({ord(character): name for character, name in names.items()})
    glyphs = {names[character]: square if character in outlined else nothing for character in names}
    builder.setupGlyf({".notdef": nothing, **glyphs})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (800, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular", "psName": family})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No fonts but those that come with matplotlib."""
    data = Path(font_manager.__file__).parent
    kept = [entry for entry in font_manager.fontManager.ttflist if data in Path(entry.fname).parents]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", kept)
    lettering._has.cache_clear()
    yield
    lettering._has.cache_clear()


@pytest.mark.parametrize(
    ("text", "length", "shown"),
    [
        ("automobile", 10, "automobile"),
        ("great white shark", 8, "great w…"),
        ("great white shark", 7, "great…"),
        ("$x$ \\frac{1}{2} 100 %", 40, "$x$ \\frac{1}{2} 100 %"),
        ("tab\x0bbed", 20, r"tab\x0bbed"),
        ("two\nlines", 20, "two lines"),
        (f"{DOG}{FOX}", 20, r"\u72ac\U0001f98a"),
        (f"{DOG}{FOX}", 10, r"\u72ac…"),
        ("قطة", 20, "قطة"),
        ("\N{IDEOGRAPHIC SPACE}a\N{RIGHT-TO-LEFT ISOLATE}b", 20, " ab"),
    ],
)
def test_shortened(text: str, length: int, shown: str, bundled: None) -> None:
    with style.applied(SIZE):
        assert shortened(text, length) == shown


@given(st.text(st.characters(), max_size=40), st.integers(1, 30))
def test_what_is_shown_fits_and_has_no_control_characters(text: str, length: int) -> None:
    with style.applied(SIZE):
        shown = shortened(text, length)
    assert len(shown) <= length
    assert not any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in shown)


def test_a_font_of_the_machine_draws_what_the_bundled_one_lacks(
    bundled: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, outlined, empty in (("Colour", "", DOG + FOX), ("Dogs", DOG, ""), ("Latin", "abc", "")):
        made_up_font(tmp_path / f"{name}.ttf", name, outlined, empty)
        font_manager.fontManager.addfont(tmp_path / f"{name}.ttf")

    def drawn() -> mpl.Figure:
        drawing = style.canvas("title")
        drawing.subplots().set_title(shortened(f"{DOG} a {FOX}", 30))
        return drawing

    with caplog.at_level(logging.WARNING), warnings.catch_warnings(action="error"):
        saving.files(lambda: style.canvas("a cat"), SIZE, ["a cat"])
        assert not caplog.messages
        found = saving.files(drawn, SIZE, [DOG, f"a {FOX}"])
        assert caplog.messages == [f"no font of this machine has {FOX}: figures show codes in their place"]
    svg = found["svg"].decode()
    assert f"<!-- {DOG} a \\U0001f98a -->" in svg
    assert "#Dogs-" in svg
    assert "#Colour-" not in svg


def test_many_characters_without_a_font_are_one_warning(bundled: None, caplog: pytest.LogCaptureFixture) -> None:
    names = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    assert families(names) == [FONT]
    (message,) = caplog.messages
    assert len(message) < 120
