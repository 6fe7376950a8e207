"""Test each class's change of recall against the change of accuracy.

Hooker et al., arXiv 1911.05248, section 3.1: a Welch t-test for each class on normalised recall. It finds the classes
that compression hits more, or less, than accuracy as a whole.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Audited, Finding, Row, empty
from lesion.audit.inference.effects import changes
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.recall import normalised_recalls, recalls, takes_own_accuracy
from lesion.audit.inference.significance import t_test
from lesion.audit.wording import number, points
from lesion.params.impact import Impact

SUFFIX = "csv"
SETTINGS = {"settings": "audit.impact"}
ORDER = 1
SCHEMA = pa.schema(
    {
        "class": pa.int64(),
        "name": pa.string(),
        "examples": pa.int64(),
        "dense_recall": pa.float64(),
        "compressed_recall": pa.float64(),
        "change": pa.float64(),
        "change_low": pa.float64(),
        "change_high": pa.float64(),
        "normalised_change": pa.float64(),
        "normalised_change_low": pa.float64(),
        "normalised_change_high": pa.float64(),
        "test": pa.string(),
        "t": pa.float64(),
        "degrees_of_freedom": pa.float64(),
        "p": pa.float64(),
        "q": pa.float64(),
        "significant": pa.bool_(),
        "significant_fdr": pa.bool_(),
        "direction": pa.string(),
    }
)
NO_TEST = "none"


def table(comparison: Comparison, *, settings: Impact) -> pd.DataFrame:
    """One row a class that examples have; none where these are not two.

    Columns: class, name, examples; dense_recall, compressed_recall, change (of recall) and normalised_change (of recall
    minus accuracy), each with the ends of its 95 % interval (`inference.effects`), which of single models is over
    examples alone; test (welch, paired, or none where a population is a single model), t, degrees_of_freedom, p,
    q (Benjamini–Hochberg over the classes), significant (p < alpha, uncorrected, as in the paper), significant_fdr
    (q < alpha), direction (gain, loss or none: the sign of t).
    """
    if not comparison.comparable_classes:
        return empty(SCHEMA)
    classes, paired = len(comparison.present), comparison.paired
    correct = comparison.dense.correct, comparison.compressed.correct
    before, after = (recalls(right, comparison.stratum, classes).mean(axis=0) for right in correct)
    change, normalised_change = changes(*correct, comparison.stratum, classes, paired=paired)
    found = pd.DataFrame(
        {
            "class": comparison.called(comparison.present),
            "name": comparison.named(comparison.present),
            "examples": np.bincount(comparison.stratum, minlength=classes),
            "dense_recall": before,
            "compressed_recall": after,
            "change": change.mean,
            "change_low": change.low,
            "change_high": change.high,
            "normalised_change": normalised_change.mean,
            "normalised_change_low": normalised_change.low,
            "normalised_change_high": normalised_change.high,
        }
    )
    return _tested(found, comparison, settings) if comparison.several else _untested(found)


def _tested(found: pd.DataFrame, comparison: Comparison, settings: Impact) -> pd.DataFrame:
    paired, classes = comparison.paired, len(comparison.present)
    own = takes_own_accuracy(settings.normalise, paired=paired)
    before, after = (
        normalised_recalls(population.correct, comparison.stratum, classes, own=own)
        for population in (comparison.dense, comparison.compressed)
    )
    tested = t_test(after, before, paired=paired)
    q = q_values(tested.p)
    return found.assign(
        test="paired" if paired else "welch",
        t=tested.t,
        degrees_of_freedom=tested.degrees_of_freedom,
        p=tested.p,
        q=q,
        significant=tested.p < settings.alpha,
        significant_fdr=q < settings.alpha,
        direction=np.where(tested.t > 0, "gain", np.where(tested.t < 0, "loss", "none")),
    )


def _untested(found: pd.DataFrame) -> pd.DataFrame:
    unknown = dict.fromkeys(("t", "degrees_of_freedom", "p", "q"), np.nan)
    return found.assign(test=NO_TEST, **unknown, significant=False, significant_fdr=False, direction="none")


def columns(table: pd.DataFrame, *, alpha: float) -> Row:  # noqa: ARG001
    """How many classes are significant, and how many of those lose or gain relative to the average.

    Counts at the paper's uncorrected alpha; `significant_classes_fdr` at the same false discovery rate. Without a test
    there are no counts.
    """
    if table.empty or table["test"].iloc[0] == NO_TEST:
        counts = ("significant_classes", "classes_lost", "classes_gained", "significant_classes_fdr")
        return {"test": None, "classes": len(table) or None, **dict.fromkeys(counts)}
    significant = table[table["significant"]]
    return {
        "test": table["test"].iloc[0],
        "classes": len(table),
        "significant_classes": len(significant),
        "classes_lost": int((significant["direction"] == "loss").sum()),
        "classes_gained": int((significant["direction"] == "gain").sum()),
        "significant_classes_fdr": int(table["significant_fdr"].sum()),
    }


def finding(audited: Audited) -> Finding | None:
    """Which classes change more than the average."""
    found, alpha = audited.tables["impact"], audited.alpha
    if found.empty:
        return None
    lowest = found.sort_values(["normalised_change", "class"], kind="stable").head(3).to_dict("records")
    listed = ", ".join(f"{row['name']} ({points(row['change'])})" for row in lowest)
    row = audited.summary.loc["compressed"]
    if pd.isna(row["significant_classes"]):
        text = f"Hit hardest: {listed} points of recall. Whether other models would hit the same is not known."
        return Finding("Classes", points(lowest[0]["change"]), f"points of recall, {lowest[0]['name']}", text, place=3)
    count = {name: number(row[name]) for name in columns(found, alpha=alpha) if name != "test"}
    text = (
        f"{count['significant_classes_fdr']} of {len(found):,} classes change more or less than the average at a false"
        f" discovery rate of {alpha:g} ({count['significant_classes']} at p < {alpha:g} uncorrected:"
        f" {count['classes_lost']} lose, {count['classes_gained']} gain). Lowest: {listed} points of recall."
    )
    return Finding("Classes", count["significant_classes_fdr"], "pay or gain beyond the average", text, place=3)
