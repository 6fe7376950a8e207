"""One spelling of each value: two files may write the same value in two ways."""

import pyarrow as pa
import pyarrow.compute as pc

WHOLE = r"^(0|-?[1-9][0-9]*)$"  # 007 is a name: read as 7 it could not be told from 7
SHORT = r"^(0|-?[1-9][0-9]{0,17})$"  # fits 64 bits
NUMBER = r"^[-+]?(inf|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?)$"
DAY, CLOCK, ZONE = "[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}:[0-9]{2}", "(Z|[-+][0-9]{2}:?[0-9]{2})?$"
TIME = rf"^((?:{DAY} )?{CLOCK})"
# All that `spelled` changes but blanks and accents.
RESPELLED = rf"(?i)^(|[-+]?nan|true|false|-0|-?[0-9]+\.0+|({DAY}[ T])?{CLOCK}(\.[0-9]+)?{ZONE[:-1]})$"


def spelled(text: pa.StringArray) -> pa.StringArray:
    """Text in one spelling, same length; null where it is empty or NaN.

    Blanks at both ends are dropped, letters and their accents are one character (NFC), `30.0` is `30`, `-0` is `0`,
    `true` and `TRUE` are `True`. Times are as pandas writes them: `2020-01-02T12:30:00.500` is `2020-01-02 12:30:00.5`,
    and a midnight is its date.
    """
    text = pc.utf8_trim_whitespace(text)
    if not pc.all(pc.string_is_ascii(text), min_count=0).as_py():
        text = pc.utf8_normalize(text, form="NFC")
    if not pc.any(pc.match_substring_regex(text, RESPELLED)).as_py():
        return text
    text = pc.replace_substring_regex(text, r"^-?(0)(?:\.0+)?$|^(-?[1-9][0-9]*)\.0+$", r"\1\2")
    text = pc.replace_substring_regex(text, r"^(?i:true)$", "True")
    text = pc.replace_substring_regex(text, r"^(?i:false)$", "False")
    text = _spelled_times(text)
    return pc.if_else(pc.match_substring_regex(text, r"(?i)^([-+]?nan)?$"), None, text)


def _spelled_times(text: pa.StringArray) -> pa.StringArray:
    text = pc.replace_substring_regex(text, rf"^({DAY})T({CLOCK}(?:\.[0-9]+)?){ZONE}", r"\1 \2\3")
    text = pc.replace_substring_regex(text, rf"{TIME}(\.[0-9]*[1-9])0+{ZONE}", r"\1\2\3")
    text = pc.replace_substring_regex(text, rf"{TIME}\.0+{ZONE}", r"\1\2")
    return pc.replace_substring_regex(text, rf"^({DAY}) 00:00:00$", r"\1")
