"""What seed noise alone gives, beside what there is: the counts, and how a sentence says it."""

import pandas as pd

from lesion.audit.contract import Audited
from lesion.audit.wording import number

COUNTS = {
    "pie": "PIE",
    "significant_classes": "Classes, p < {alpha:g}",
    "significant_classes_fdr": "Classes, FDR {alpha:g}",
}
"""What is counted beside seed noise → what it is called on an axis."""


def beside_noise(audited: Audited, count: str, what: str) -> str:
    """One sentence: a count beside what seed noise alone gives, between as many models.

    Parameters
    ----------
    count : one of COUNTS
    what : what it counts, in the sentence
    """
    row, null = audited.summary.loc["compressed"], audited.tables["null"]
    if pd.isna(row[f"null_{count}"]):
        return "How many seed noise alone would give is not known."
    mean = number(row[f"null_{count}"])
    span = f"95 % of draws: {number(row[f'null_{count}_low'])} to {number(row[f'null_{count}_high'])}"
    beyond = f"{number(row[f'excess_{count}'])} more than seed noise"
    is_beyond = row[f"matched_{count}"] > row[f"null_{count}_high"]
    verdict = beyond if is_beyond else "no more than seed noise can give"
    if null["design"].iloc[0] == "swaps":
        return f"Were compression nothing but another seed, there would be {mean} {what} ({span}): these are {verdict}."
    return (
        f"With {number(row['null_members'])} models on each side, dense and compressed ones give"
        f" {number(row[f'matched_{count}'])} {what}, dense and other dense ones {mean} ({span}): {verdict}."
    )
