"""The ids of variants: a method and, for those that have one, its level."""

import re


def method(variant: str) -> str:
    """The method of a level of compression: `gmp-50` is a level of `gmp`, `int8-static` and `nm-2-4` have none."""
    return re.sub(r"(?<!-\d)-\d+$", "", variant)
