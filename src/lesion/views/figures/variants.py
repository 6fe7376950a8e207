"""The kinds of variants, as figures name and draw them."""

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from lesion.views.figures import lettering, style

DENSE = "dense"
KINDS = ("trained", "derived", "external")
MARKS: dict[str, dict[str, Any]] = {  # those that are trained have a line a method instead (`style.line`)
    "derived": {
        "label": "compressed after training", "color": style.VERMILLION, "marker": "D", "linestyle": "none",
    },
    "external": {"label": "predictions from files", "color": style.ORANGE, "marker": "P", "linestyle": "none"},
}  # fmt: skip
LONGEST = 24  # characters of a name that a title or an axis has room for


def kinds(variants: Iterable[str], *, trained: Iterable[str], derived: Iterable[str]) -> list[str]:
    """Whether each variant is dense, trained, derived or, when it is listed nowhere, external."""
    known = {DENSE: DENSE} | dict.fromkeys(trained, "trained") | dict.fromkeys(derived, "derived")
    return [known.get(variant, "external") for variant in variants]


def label(variant: str) -> str:
    """The name of a variant, cut where it is long."""
    return lettering.shortened(variant, LONGEST)


def broken(variant: str, width: int = 9) -> str:
    """The name of a variant on lines of at most about `width` characters, broken after dashes."""
    pieces = re.findall("[^-]*-+|[^-]+", label(variant))
    lines = pieces[:1]
    for piece in pieces[1:]:
        if len((lines[-1] + piece).rstrip("-")) <= width:
            lines[-1] += piece
        else:
            lines.append(piece)
    return "\n".join(lines)


def percent_sparse(sparsity: pd.Series) -> pd.Series:
    """Where variants stand on an axis of sparsity, in percent. Those with more weights than dense stand at 0."""
    return 100 * sparsity.clip(lower=0)
