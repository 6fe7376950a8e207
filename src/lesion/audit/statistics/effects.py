"""Write how much accuracy and predictions change, with intervals for other members and other examples."""

import numpy as np
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Audited, Finding, Row
from lesion.audit.inference.effects import change
from lesion.audit.inference.pie_share import pie_share
from lesion.audit.wording import percent, points
from lesion.params.resamples import Resamples
from lesion.params.ties import Ties

SUFFIX = "csv"
SETTINGS = {"settings": "audit.resamples", "ties": "audit.ties"}
ORDER = 3
SCHEMA = pa.schema(
    {
        "measure": pa.string(),
        "dense": pa.float64(),
        "compressed": pa.float64(),
        "change": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    }
)
IN_SUMMARY = {"top1": "top1_change", "pie_share": "pie_share"}


def table(comparison: Comparison, *, settings: Resamples, ties: Ties) -> pd.DataFrame:
    """One row a measure: dense, compressed (means over members), change, low and high (its 95 % interval).

    Measures: top1 and top5, where they are known, as fractions; pie_share, the share of examples that are PIE, of which
    a single population has none.
    """
    dense, compressed, paired = comparison.dense, comparison.compressed, comparison.paired
    cluster = comparison.cluster
    known = {}
    if comparison.label is not None:
        known["top1"] = dense.correct, compressed.correct
    if dense.correct_top5 is not None and compressed.correct_top5 is not None:
        known["top5"] = dense.correct_top5, compressed.correct_top5
    rows = [
        (name, before.mean(), after.mean(), *change(before, after, paired=paired, cluster=cluster))
        for name, (before, after) in known.items()
    ]
    share = pie_share(
        dense.prediction,
        compressed.prediction,
        classes=len(comparison.classes),
        ties=ties,
        paired=paired,
        resamples=settings.draws,
        rng=comparison.generator("effects"),
        cluster=cluster,
    )
    rows.append(("pie_share", np.nan, np.nan, *share))
    return pd.DataFrame(rows, columns=SCHEMA.names)


def columns(table: pd.DataFrame, *, alpha: float) -> Row:  # noqa: ARG001
    """Change of accuracy and share of PIE, with the ends of their intervals."""
    row: Row = {}
    measures = table.set_index("measure")
    for measure, name in IN_SUMMARY.items():
        found = measures.loc[measure] if measure in measures.index else dict.fromkeys(measures.columns)
        row |= {name: found["change"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
    return row


def finding(audited: Audited) -> Finding | None:
    """The change of accuracy."""
    measures = audited.tables["effects"].set_index("measure")
    if "top1" not in measures.index:
        return None
    row = measures.loc["top1"]
    interval = f"95 % interval {points(row['low'])} to {points(row['high'])}"
    text = f"Accuracy goes from {percent(row['dense'])} to {percent(row['compressed'])} ({interval})."
    if row["low"] <= 0 <= row["high"]:
        text += " The interval holds 0: on average, no change can be told from chance."
    return Finding("On average", points(row["change"]), "points of accuracy", text, place=1)
