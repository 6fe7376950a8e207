"""Numbers in sentences."""

import math

MINUS = "\N{MINUS SIGN}"


def points(fraction: float, digits: int = 1) -> str:
    """A change in percentage points, with its sign and a typographic minus."""
    text = f"{100 * fraction:+.{digits}f}".replace("-", MINUS)
    return text[1:] if float(text[1:]) == 0 else text


def percent(share: float) -> str:
    """A share of all, such as 92.9 %, which no line break parts."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def number(value: float) -> str:
    """A count or a mean of counts, one decimal where it is small and not whole."""
    digits = 0 if float(value).is_integer() or abs(value) >= 100 else 1
    return f"{value:,.{digits}f}".replace("-", MINUS)


def p_value(value: float) -> str:
    """A p or q to two digits; nothing where there is none."""
    return "" if math.isnan(value) else "< 0.0001" if value < 1e-4 else f"{value:.2g}"


def p_said(value: float) -> str:
    """A p in a sentence: `p = 0.07`, `p < 0.0001`."""
    text = p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"
