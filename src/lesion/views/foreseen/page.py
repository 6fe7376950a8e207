"""The page of `lesion foresee`, which needs nothing else."""

from pathlib import Path

import pandas as pd

from lesion.audit.foresight.foresee import Foreseen
from lesion.audit.wording import number, percent
from lesion.views.foreseen.sentences import MEASURED, NO_SIZES, flips, who
from lesion.views.gallery.rendering import render_template
from lesion.views.text import path_text

PARTS = 50  # classes and groups on the page
EXCERPT = 300  # characters of a text


def render(dense: Path, found: Foreseen, *, examples: int, texts: pd.Series | None = None) -> str:
    """The page as HTML; all text from data is escaped.

    Parameters
    ----------
    examples : how many to show
    texts : what they say, by example_id
    """
    shown = found.examples.head(examples)
    said = [] if texts is None else [" ".join(str(text).split())[:EXCERPT] for text in shown["example_id"].map(texts)]
    return render_template(
        "lesion.views.foreseen",
        dense=path_text(dense),
        models="one model" if found.models == 1 else f"{found.models} models",
        count=number(len(found.examples)),
        who=who(found),
        note=MEASURED if len(found.expected) else NO_SIZES,
        expected=[(row["what"], flips(row), row["measured_on"]) for _, row in found.expected.iterrows()],
        parts=_parts(found),
        total_parts=len(found.parts),
        columns=[name.replace("_", " ") for name in shown],
        examples=[[_cell(name, row[name]) for name in shown] for row in shown.to_dict("records")],
        texts=said,
    )


def _parts(found: Foreseen) -> list[list[str]]:
    kinds = found.expected["kind"] if len(found.expected) else []
    rows = []
    for _, row in found.parts.head(PARTS).iterrows():
        name = str(row["group"]) if row["attribute"] == "all" else f"{row['attribute']}: {row['group']}"
        share = f"{percent(row['share'])} [{percent(row['share_low'])}, {percent(row['share_high'])}]"
        expected = [
            f"{number(round(row[f'flips_{kind}_low']))} to {number(round(row[f'flips_{kind}_high']))}" for kind in kinds
        ]
        rows.append([name, number(row["examples"]), share, *expected])
    return rows


def _cell(name: str, value: object) -> str:
    if isinstance(value, float):
        return percent(value) if name.startswith("chance") else f"{value:.3g}"
    return str(value)
