"""What seed noise alone gives, beside what there is: the counts, and how a sentence says it."""

import pandas as pd

from lesion.audit.contract import Audited
from lesion.audit.wording import number, p_said

COUNTS = {
    "pie": "PIE",
    "forgotten": "Forgotten",
    "learnt": "Learnt",
    "moved": "Moved",
}
"""What is counted beside seed noise → what it is called on an axis."""
MEANING = {
    "forgotten": "right, then wrong",
    "learnt": "wrong, then right",
    "moved": "wrong, then wrong otherwise",
}
"""What the kinds of PIE are, in a legend."""


def beside_noise(audited: Audited) -> str:
    """How many PIE seeds alone give, how many there are beyond, and whether answers change more than by other seeds.

    Whether they do is what the test of all answers says (`inference.answers_test`), and nothing else.
    """
    row = audited.summary.loc["compressed"]
    if pd.isna(row["null_pie"]):
        return "How many seed noise alone would give is not known."
    sentences = [
        f"With {number(row['null_members'])} models a side, other seeds alone change {number(row['null_pie'])} on"
        f" average, and compression {number(row['excess_pie'])} beyond that (95 % interval {_ends(row, 'pie')}).",
        _verdict(row["pie_p"], audited.alpha),
    ]
    if not pd.isna(row["excess_forgotten"]):
        told = (
            f"{number(row[f'excess_{kind}'])} are {kind} ({MEANING[kind]}; {_ends(row, kind)})"
            for kind in ("forgotten", "learnt")
        )
        sentences.append(f"Beyond what other seeds do, {' and '.join(told)}.")
    return " ".join(sentences)


def _ends(row: pd.Series, count: str) -> str:
    return f"{number(row[f'excess_{count}_low'])} to {number(row[f'excess_{count}_high'])}"


def _verdict(p: float, alpha: float) -> str:
    if pd.isna(p):
        return "So few models cannot tell whether compressed ones answer otherwise than other seeds do."
    told = p_said(p)
    if p < alpha:
        return f"Compressed models answer otherwise than dense ones, more than other seeds do ({told})."
    return f"What compressed models answer cannot be told from what other seeds do ({told})."
