"""Text from data as a figure can show it: on one line, not too long, in fonts that have its characters."""

import logging
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.ft2font import FT2Font, LoadFlags

from lesion.views.text import escaped, printable

FONT = "DejaVu Sans"  # ships with matplotlib
WEIGHTS = ("normal", "bold")
LAST_RESORT = "Last Resort"  # how the names of fonts begin that have a box for every character
TOLD = 8  # characters that the warning names
INSTEAD = {"Cf": "", "Zs": " "}  # without a font: what joins characters or tells their direction, and blanks

log = logging.getLogger(__name__)


def _font(family: str, weight: str) -> FT2Font:
    return get_font(findfont(FontProperties(family=[family], weight=weight), fallback_to_default=False))


@lru_cache(4096)
def _has(family: str, character: str) -> bool:
    """Whether a family draws a character, in both weights: fonts of coloured bitmaps have it without an outline."""
    try:
        for font in (_font(family, weight) for weight in WEIGHTS):
            if not font.get_char_index(ord(character)):
                return False
            font.load_char(ord(character), flags=LoadFlags.NO_SCALE)
            if not (len(font.get_path()[0]) or family == FONT):  # a blank has no outline either
                return False
    except (OSError, RuntimeError, ValueError):  # a file that went away, or a font that cannot be scaled
        return False
    return True


def families(texts: Iterable[str]) -> list[str]:
    """The fonts that draw these texts: DejaVu Sans, then fonts of this machine that have the characters it lacks.

    The one that has most of them comes first, equal ones by name. A warning names the characters that none has.
    """
    found = [FONT]
    signs = {sign for sign in "".join(map(printable, texts)) if unicodedata.category(sign) not in INSTEAD}
    missing = {sign for sign in signs if not _has(FONT, sign)}
    if not missing:
        return found
    names = sorted({entry.name for entry in fontManager.ttflist if not entry.name.startswith(LAST_RESORT)})
    having = {name: {sign for sign in missing if _has(name, sign)} for name in names}
    while helps := [name for name in names if having[name] & missing]:
        best = max(helps, key=lambda name: len(having[name] & missing))
        found.append(best)
        missing -= having[best]
    if missing:
        named = ", ".join(sorted(missing)[:TOLD]) + (", …" if len(missing) > TOLD else "")
        log.warning("no font of this machine has %s: figures show codes in their place", named)
    return found


def _shown(character: str) -> str:
    text = printable(character)
    if len(text) > 1 or any(_has(family, text) for family in rcParams["font.family"]):
        return text
    return INSTEAD.get(unicodedata.category(text), escaped(text))


def shortened(text: str, length: int) -> str:
    r"""Text from data on one line of at most `length` characters, the rest cut off and an ellipsis in its place.

    Control characters, and those that no font of the figure has, are shown as their codes, such as `\u72ac`.
    """
    signs = [_shown(sign) for sign in text]
    if sum(map(len, signs)) <= length:
        return "".join(signs)
    kept = ""
    for sign in signs:
        if len(kept) + len(sign) >= length:
            break
        kept += sign
    return kept.rstrip() + "…"
