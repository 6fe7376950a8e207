"""What candidates lose, drawn for the page: over a fact such as their size, or by their worst class over all examples.

`trade` draws the same for a file.
"""

import math
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from lesion.audit.wording import points
from lesion.views.page.cells import cell
from lesion.views.page.plane import Axis, Plane, key
from lesion.views.page.scale import Scale
from lesion.views.page.trade import APART

ROOM = 0.12  # of the span, left free beyond the outermost marks
RADIUS = 9  # pixels of a mark, in which its number stands


def figure(table: pd.DataFrame, facts: pd.DataFrame, fact: str | None) -> str:
    """The figure with its key, as HTML: a numbered mark a candidate, with 95 % intervals.

    Parameters
    ----------
    table, facts, fact : as in `trade.drawn`
    """
    values = None if fact is None else facts.set_index("name")[fact].astype(float)
    if values is not None:
        table = table[table["name"].map(values).notna()]
    rows = table.to_dict("records")
    losses = [-100 * row["change"] for row in rows]
    worst = [-100 * row["worst_class_change"] for row in rows]
    ends = [*losses, *(-100 * row[f"change_{end}"] for row in rows for end in ("low", "high"))]
    worst_ends = [*worst, *(-100 * row[f"worst_class_{end}"] for row in rows for end in ("low", "high"))]
    if values is None:
        axis = Axis(_roomy(*ends), "loss of accuracy (points)")
        plane = Plane(axis, Axis(_roomy(*worst_ends), "loss of the worst class (points)"))
        places, dense = losses, 0.0
    else:
        places = [float(values[row["name"]]) for row in rows]
        dense = values.get("dense", math.nan)
        plane = Plane(_of_fact([*places, dense], str(fact)), Axis(_roomy(*ends, *worst_ends), "loss (points)"))
    marks = _zeros(plane, upright=values is None)
    for number, (row, x, loss, of_worst) in enumerate(zip(rows, places, losses, worst, strict=True), start=1):
        if values is None:
            marks += [*_interval(plane, row, "change", y=of_worst), *_interval(plane, row, "worst_class", x=x)]
        else:
            marks += [*_interval(plane, row, "change", x=x), *_worst(plane, x, loss, of_worst)]
        marks.append(_numbered(plane.at(x, of_worst if values is None else loss), number))
    if not math.isnan(dense):
        left, top = plane.at(dense, 0)
        marks.append(f'<rect class="dense" x="{left - 4}" y="{top - 4}" width="8" height="8"/>')
    said = "; ".join(_said(row) for row in rows)
    drawn = plane.drawn(f"Loss of each candidate: {said}. The table below holds the numbers.", *marks)
    return f"{drawn}<div>{_names(rows)}{_keys(of_fact=values is not None, dense=not math.isnan(dense))}</div>"


def _interval(plane: Plane, row: Mapping[Any, Any], name: str, *, x: float = 0.0, y: float | None = None) -> list[str]:
    """The interval of a loss, upright at `x` or level at `y`; nothing where it is not known."""
    ends = [-100 * row[f"{name}_{end}"] for end in ("low", "high")]
    if any(map(math.isnan, ends)):
        return []
    return [plane.line("interval", *(((end, y) if y is not None else (x, end)) for end in ends))]


def _worst(plane: Plane, x: float, loss: float, worst: float) -> list[str]:
    """The loss of the worst class, tied to that of all examples; nothing where it is not known."""
    if math.isnan(worst):
        return []
    left, top = plane.at(x, worst)
    tie = plane.line("perfect", (x, loss), (x, worst))
    return [tie, f'<path class="hollow" d="M{left - 6:.1f} {top - 5:.1f}h12l-6 11z"/>']


def _numbered(at: tuple[float, float], number: int) -> str:
    left, top = at
    mark = f'<circle class="full" cx="{left}" cy="{top}" r="{RADIUS}"/>'
    return f'{mark}<text class="number" x="{left}" y="{top + 4:.1f}" text-anchor="middle">{number}</text>'


def _roomy(*values: float) -> Scale:
    """A scale that holds 0 and all values that are known, with room on both sides."""
    scale = Scale.of(pd.Series(values, dtype=float))
    room = ROOM * (scale.high - scale.low)
    return Scale(scale.low - room, scale.high + room)


def _of_fact(values: list[float], fact: str) -> Axis:
    """The axis of a fact: it does not hold 0, and is logarithmic where values lie far apart."""
    known = [value for value in values if not math.isnan(value)]
    log = min(known) > 0 and max(known) > APART * min(known)
    ends = [math.log10(value) if log else value for value in (min(known), max(known))]
    room = ROOM * (ends[1] - ends[0]) or max(abs(ends[0]), 1.0) * ROOM
    return Axis(Scale(ends[0] - room, ends[1] + room), fact.replace("_", " ")[:48], log)


def _zeros(plane: Plane, *, upright: bool) -> list[str]:
    """Lines where nothing is lost, as far as the axes hold them."""
    x, y = plane.x.scale, plane.y.scale
    ends = (10**x.low, 10**x.high) if plane.x.log else (x.low, x.high)
    level = plane.line("zero", (ends[0], 0), (ends[1], 0))
    return [level] if not upright else [level, plane.line("zero", (0, y.low), (0, y.high))]


def _said(row: Mapping[Any, Any]) -> str:
    return f"{row['name']} {points(-row['change'])} points"


def _names(rows: list[dict[Any, Any]]) -> str:
    items = "".join(f"<li>{cell(str(row['name']))}</li>" for row in rows)
    return f'<ol class="named">{items}</ol>'


def _keys(*, of_fact: bool, dense: bool) -> str:
    interval = '<line class="interval" x1="50%" x2="50%" y1="0" y2="100%"/>'
    keys = [(interval, "95 % interval")]
    if of_fact:
        keys = [
            ('<circle class="full" cx="50%" cy="50%" r="6"/>', "loss of accuracy"),
            ('<path class="hollow" d="M5 4h12l-6 11z"/>', "loss of its worst class"),
            *keys,
        ]
    if dense:
        keys.append(('<rect class="dense" x="7" y="5" width="8" height="8"/>', "dense"))
    return f'<ul class="keys">{"".join(f"<li>{key(mark)} {escape(text)}</li>" for mark, text in keys)}</ul>'
