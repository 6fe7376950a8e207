"""What the dense models alone say, in sentences: for the terminal and for the page."""

from collections.abc import Iterator

import pandas as pd

from lesion.audit.foresight.foresee import ALL, ANSWERS, Foreseen
from lesion.audit.wording import number, percent

NAMED = 3  # classes and groups
SMALL = 30  # examples: a share of fewer is not named
MEASURED = (
    "Ranges span the few models on which this was measured; yours may lie outside. What really changes is told by"
    " lesion audit, once the model is compressed."
)
NO_SIZES = "Without confidence it is not known how many answers flip: examples are ranked by how far the models agree."


def flips(row: pd.Series) -> str:
    """How many flips to expect, with the range."""
    return f"{number(round(row['low']))} to {number(round(row['high']))} (typically {number(round(row['flips']))})"


def riskiest(found: Foreseen) -> pd.DataFrame:
    """Classes and groups that are surely more often among the tenth at highest risk than all examples are."""
    parts = found.parts[(found.parts["attribute"] != ALL) & (found.parts["attribute"] != ANSWERS)]
    return parts[(parts["share_low"] > found.parts["share"].iloc[0]) & (parts["examples"] >= SMALL)]


def who(found: Foreseen) -> str:
    """Which classes and groups are at risk."""
    parts = riskiest(found)
    if parts.empty:
        return "No class or group is surely more at risk than the rest."
    rows = parts.head(NAMED).to_dict("records")
    names = [f"{row['attribute']} {row['group']} ({percent(row['share'])})" for row in rows]
    more = f" and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
    return f"At risk, by the share of their examples among the riskiest tenth: {', '.join(names)}{more}."


def lines(found: Foreseen) -> Iterator[str]:
    """A few lines for the terminal."""
    models = "one model" if found.models == 1 else f"{found.models} models"
    yield f"{number(len(found.examples))} examples, {models}. Answers of one model that will flip:"
    width = max(map(len, found.expected["what"]), default=0)
    for _, row in found.expected.iterrows():
        yield f"  {row['what']:{width}}  {flips(row)}"
    yield who(found)
    yield MEASURED if len(found.expected) else NO_SIZES
