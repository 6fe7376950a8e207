"""Drawings in the rows of a table: an interval, or bars of losses and gains with the change, beside the numbers.

They are SVG with places in per cent of the column's width, so text is never scaled: the column can be 10 rem or 40 rem
wide. Colours are those of the page (`style.css`), in the light, in the dark and in print. Screen readers pass them
over: the numbers stand in the same row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lesion.views.page.scale import EDGE, Scale

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Chart:
    """A column of drawings.

    Attributes
    ----------
    title : its heading
    axis : the scale, as SVG
    marks : a drawing for each row, as SVG
    keys : what the signs mean: a drawing as SVG, and a text
    """

    title: str
    axis: str
    marks: Sequence[str]
    keys: Sequence[tuple[str, str]]


def _svg(*parts: str, kind: str = "mark") -> str:
    return f'<svg class="{kind}" aria-hidden="true">{"".join(parts)}</svg>'


def _upright(at: str, kind: str) -> str:
    return f'<line class="{kind}" x1="{at}" x2="{at}" y1="0" y2="100%"/>'


def _level(low: str, high: str, kind: str = "interval") -> str:
    return f'<line class="{kind}" x1="{low}" x2="{high}" y1="50%" y2="50%"/>'


def _dot(at: str, *, sure: bool | None) -> str:
    """A dot: full where a test found something, hollow where it did not, small and grey where there is none."""
    kind, radius = {True: ("full", 4.5), False: ("hollow", 4.5), None: ("untested", 3)}[sure]
    return f'<circle class="{kind}" cx="{at}" cy="50%" r="{radius}"/>'


def _bar(scale: Scale, value: float, kind: str) -> str:
    start, width = sorted((0.0, value))[0], abs(value)
    size = (100 - 2 * EDGE) * width / (scale.high - scale.low)
    return f'<rect class="{kind}" x="{scale.at(start)}" width="{size:.1f}%" y="18%" height="64%"/>'


def _with_interval(scale: Scale, row: Row, name: str, *, sure: bool | None) -> str:
    value, low, high = (100 * row[f"{name}{end}"] for end in ("", "_low", "_high"))
    line = "" if pd.isna(low) else _level(scale.at(low), scale.at(high))
    return "" if pd.isna(value) else line + _dot(scale.at(value), sure=sure)


def _keys(tested: bool, alpha: float, what: str) -> list[tuple[str, str]]:
    full, hollow, plain = (
        _svg(_level("5%", "95%"), _dot("50%", sure=sure), kind="key") for sure in (True, False, None)
    )
    if not tested:
        return [(plain, "change, 95 % interval")]
    return [(full, f"change {what}, q < {alpha:g}"), (hollow, "change that may be the same; lines: 95 % intervals")]


def intervals(table: pd.DataFrame, *, average: float, title: str, alpha: float, sure: pd.Series | None) -> Chart:
    """The change of each row with its interval, beside that of all examples.

    Parameters
    ----------
    table : change, change_low and change_high as fractions
    average : the change of all, as a fraction
    sure : which rows a test found; None without tests
    """
    ends = [100 * table[name] for name in ("change", "change_low", "change_high")]
    scale = Scale.of(*ends, pd.Series([100 * average]))
    lines = _upright(scale.at(0), "zero") + _upright(scale.at(100 * average), "average")
    flags = [None] * len(table) if sure is None else sure.tolist()
    marks = [
        _svg(lines, _with_interval(scale, row, "change", sure=flag))
        for row, flag in zip(table.to_dict("records"), flags, strict=True)
    ]
    keys = [*_keys(sure is not None, alpha, "other than the average"), _average()]
    return Chart(title, scale.axis(), marks, keys)


def _below(q: float, alpha: float) -> bool | None:
    return None if pd.isna(q) else bool(q < alpha)


def _average() -> tuple[str, str]:
    return _svg(_upright("50%", "average"), kind="key"), "all examples together"


def flips(table: pd.DataFrame, *, words: tuple[str, str], average: float, alpha: float) -> Chart:
    """Shares broken (left) and fixed (right) of each row, and the net change with its interval.

    Parameters
    ----------
    table : rows of the table of flips
    words : what broken and fixed answers are called
    average : the change of all examples, as a fraction
    """
    ends = [100 * table[name] for name in ("change_low", "change_high", "fixed_rate")]
    scale = Scale.of(-100 * table["broken_rate"], *ends)
    tested = bool(table["q_beyond"].notna().any())
    lines = _upright(scale.at(0), "zero") + _upright(scale.at(100 * average), "average")
    marks = [
        _svg(
            _bar(scale, -100 * row["broken_rate"], "lost"),
            _bar(scale, 100 * row["fixed_rate"], "won"),
            lines,
            _with_interval(scale, row, "change", sure=_below(row["q_beyond"], alpha)),
        )
        for row in table.to_dict("records")
    ]
    block = '<rect class="{}" x="10%" width="80%" y="18%" height="64%"/>'
    bars = [(_svg(block.format(kind), kind="key"), word) for kind, word in zip(("lost", "won"), words, strict=True)]
    keys = [*bars, *_keys(tested, alpha, "other than of the rest"), _average()]
    return Chart(f"{words[0]} and {words[1]} (points)", scale.axis(), marks, keys)


def noise(null: pd.DataFrame, said: Callable[[int], tuple[str, str]]) -> Chart:
    """Each count between dense and compressed models, with its interval, beside what dense models give alone.

    Parameters
    ----------
    said : number of members → what the two comparisons are called
    """
    ends = [null["null"] + null[f"excess_{end}"] for end in ("low", "high")]
    scale = Scale.of(null["null_high"], null["matched"], *(part.clip(lower=0) for part in ends))
    marks = []
    for row in null.to_dict("records"):
        low, high = (scale.at(max(0.0, row["null"] + row[f"excess_{end}"])) for end in ("low", "high"))
        band = (100 - 2 * EDGE) * (row["null_high"] - row["null_low"]) / (scale.high - scale.low)
        marks.append(
            _svg(
                f'<rect class="band" x="{scale.at(row["null_low"])}" width="{band:.1f}%" y="18%" height="64%"/>',
                _upright(scale.at(row["null"]), "middle"),
                _level(low, high),
                _dot(scale.at(row["matched"]), sure=None),
            )
        )
    alone, both = said(int(null["members"].iloc[0]))
    block = '<rect class="band" x="10%" width="80%" y="18%" height="64%"/>'
    keys = [
        (_svg(block, _upright("50%", "middle"), kind="key"), f"{alone}: mean, and 95 % of the splits"),
        (_svg(_level("5%", "95%"), _dot("50%", sure=None), kind="key"), f"{both}, 95 % interval"),
    ]
    return Chart("examples", scale.axis(), marks, keys)
