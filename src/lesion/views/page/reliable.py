"""The reliability diagram of the page: how often answers of each confidence are right, before and after compression.

As Guo et al. 2017, arXiv 1706.04599, figure 1 (bottom).
"""

import pandas as pd

from lesion.audit.comparison.comparison import SIDES
from lesion.audit.wording import percent
from lesion.views.page.plane import Axis, Plane, key
from lesion.views.page.scale import Scale

LARGEST, SMALLEST = 6.0, 2.2  # radius of the mark of a bin with every answer, and of one with few
PERCENT = Scale(0, 100)
PLANE = Plane(Axis(PERCENT, "mean confidence (%)"), Axis(PERCENT, "accuracy (%)"))
KEYS = (
    ("dense", '<circle class="dense" cx="50%" cy="50%" r="5"/>'),
    ("compressed", '<rect class="compressed" x="6" y="4" width="10" height="10"/>'),
    ("as often right as sure", '<line class="perfect" x1="5%" x2="95%" y1="50%" y2="50%"/>'),
)


def _side(rows: pd.DataFrame, side: str) -> str:
    points = [(100 * row["confidence"], 100 * row["accuracy"]) for row in rows.to_dict("records")]
    parts = [PLANE.line(side, *points)]
    share = rows["answers"] / rows["answers"].sum()
    for row, point, size in zip(rows.to_dict("records"), points, share.pow(0.5), strict=True):
        ends = ((point[0], 100 * row[f"accuracy_{end}"]) for end in ("low", "high"))
        (left, top), radius = PLANE.at(*point), max(LARGEST * size, SMALLEST)
        parts.append(PLANE.line(f"{side} spread", *ends))
        if side == SIDES[0]:
            parts.append(f'<circle class="{side}" cx="{left}" cy="{top}" r="{radius:.1f}"/>')
        else:
            corner = f'x="{left - radius:.1f}" y="{top - radius:.1f}"'
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
    drawn = [_side(bins[bins["side"] == side], side) for side in SIDES]
    told = "".join(f"<li>{key(mark)} {text}</li>" for text, mark in KEYS)
    figure = PLANE.drawn(_said(bins), PLANE.line("perfect", (0, 0), (100, 100)), *drawn)
    return f'{figure}<ul class="keys">{told}</ul>'
