"""The reliability diagram of the page: how often answers of each confidence are right, before and after compression.

SVG of a fixed size that fits a small screen as it is, so its letters are never scaled. As Guo et al. 2017, arXiv
1706.04599, figure 1 (bottom).
"""

from html import escape

import pandas as pd

from lesion.audit.comparison.comparison import SIDES
from lesion.audit.wording import percent

SIZE, LEFT, BOTTOM, TOP = 330, 48, 44, 8  # pixels
SPAN = SIZE - LEFT - 12
LARGEST, SMALLEST = 6.0, 2.2  # radius of the mark of a bin with every answer, and of one with few
TICKS = (0, 25, 50, 75, 100)


def _x(share: float) -> str:
    return f"{LEFT + SPAN * share:.1f}"


def _y(share: float) -> str:
    return f"{TOP + SPAN * (1 - share):.1f}"


def _frame() -> str:
    parts = [f'<line class="perfect" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>']
    for tick in TICKS:
        at, up = _x(tick / 100), _y(tick / 100)
        parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{_y(0)}" y2="{_y(1)}"/>')
        parts.append(f'<line class="grid" x1="{_x(0)}" x2="{_x(1)}" y1="{up}" y2="{up}"/>')
        parts.append(f'<text x="{at}" y="{TOP + SPAN + 17}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{LEFT - 7}" y="{float(up) + 4:.1f}" text-anchor="end">{tick}</text>')
    middle = LEFT + SPAN / 2
    parts.append(f'<text x="{middle}" y="{TOP + SPAN + 36}" text-anchor="middle">mean confidence (%)</text>')
    across = TOP + SPAN / 2
    parts.append(f'<text transform="translate(13 {across}) rotate(-90)" text-anchor="middle">accuracy (%)</text>')
    return "".join(parts)


def _side(rows: pd.DataFrame, side: str) -> str:
    points = " ".join(f"{_x(row['confidence'])},{_y(row['accuracy'])}" for row in rows.to_dict("records"))
    parts = [f'<polyline class="{side}" points="{points}"/>']
    share = rows["answers"] / rows["answers"].sum()
    for row, size in zip(rows.to_dict("records"), share.pow(0.5), strict=True):
        at, up, radius = _x(row["confidence"]), _y(row["accuracy"]), max(LARGEST * size, SMALLEST)
        low, high = _y(row["accuracy_low"]), _y(row["accuracy_high"])
        parts.append(f'<line class="{side}" x1="{at}" x2="{at}" y1="{low}" y2="{high}"/>')
        if side == SIDES[0]:
            parts.append(f'<circle class="{side}" cx="{at}" cy="{up}" r="{radius:.1f}"/>')
        else:
            corner = f'x="{float(at) - radius:.1f}" y="{float(up) - radius:.1f}"'
            parts.append(f'<rect class="{side}" {corner} width="{2 * radius:.1f}" height="{2 * radius:.1f}"/>')
    return "".join(parts)


def _said(bins: pd.DataFrame) -> str:
    """The diagram in words."""
    said = []
    for side in SIDES:
        rows = bins[bins["side"] == side]
        means = (rows[name] @ rows["answers"] / rows["answers"].sum() for name in ("confidence", "accuracy"))
        sure, right = map(percent, means)
        said.append(f"{side} answers have a mean confidence of {sure} and are right in {right}")
    return f"Accuracy by confidence: {'; '.join(said)}. The file reliability.csv holds each bin."


def diagram(bins: pd.DataFrame) -> str:
    """The diagram with its key, of the rows of `reliability.csv`: a dot a bin, larger where it holds more answers."""
    drawn = "".join(_side(bins[bins["side"] == side], side) for side in SIDES)
    size = f'width="{SIZE}" height="{TOP + SPAN + BOTTOM}"'
    figure = f'<svg class="reliable" role="img" aria-label="{escape(_said(bins))}" {size}>{_frame()}{drawn}</svg>'
    circle, square = (
        '<circle class="dense" cx="50%" cy="50%" r="5"/>',
        '<rect class="compressed" x="6" y="4" width="10" height="10"/>',
    )
    line = '<line class="perfect" x1="5%" x2="95%" y1="50%" y2="50%"/>'
    keys = (("dense", circle), ("compressed", square), ("as often right as sure", line))
    told = "".join(f'<li><svg class="key" aria-hidden="true">{mark}</svg> {text}</li>' for text, mark in keys)
    return f'{figure}<ul class="keys">{told}</ul>'
