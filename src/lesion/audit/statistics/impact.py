"""Test each class's change of recall against the change of accuracy.

Which classes does compression hit more, or less, than accuracy as a whole? Hooker et al., arXiv 1911.05248, section
3.1, ask by a Welch t-test for each class on recall less the population's mean accuracy. That test stands beside one
that holds with few members and easy classes too: recall less each member's own accuracy, its variance steadied by the
other classes (`inference.moderated`).
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.contract import Audited, Finding, Row, empty
from lesion.audit.inference.effects import Changes, changes
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.recall import Floats, hardly_vary, normalised, recalls, takes_own_accuracy
from lesion.audit.inference.significance import Tested, untested, welch_t_test
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
        "paper_t": pa.float64(),
        "paper_p": pa.float64(),
        "paper_significant": pa.bool_(),
    }
)
NO_TEST = "none"
NAMED = 3  # classes, in a sentence


def table(comparison: Comparison, *, settings: Impact) -> pd.DataFrame:
    """One row a class that examples have; none where these are not two.

    Columns: class, name, examples; dense_recall, compressed_recall, change (of recall) and normalised_change (of recall
    minus accuracy), each with the ends of its 95 % interval (`inference.effects`), which of single models is over
    examples alone; test, t, degrees_of_freedom, p, q (Benjamini–Hochberg over the classes), significant (p < alpha,
    uncorrected), significant_fdr (q < alpha), direction (gain, loss or none: the sign of t); paper_t, paper_p and
    paper_significant (p < alpha) of the paper's test, whatever `test` is. Where variances are 0, paper_p is 0 or 1.

    Tests: moderated, moderated-paired, welch (the paper's, where recall is relative to the population's accuracy and
    members are no pairs), or none where a population is a single model.
    """
    if not comparison.comparable_classes:
        return empty(SCHEMA)
    before, after, found = _measured(comparison)
    test, tested, paper = tests(comparison, found, before, after, settings=settings)
    return pd.DataFrame(
        {
            "class": comparison.called(comparison.present),
            "name": comparison.named(comparison.present),
            "examples": np.bincount(comparison.stratum),
            "dense_recall": before.mean(axis=0),
            "compressed_recall": after.mean(axis=0),
            **found.plain.columns("change"),
            **found.relative.columns("normalised_change"),
            "test": test,
            **_columns(tested, settings.alpha),
            "paper_t": paper.t,
            "paper_p": paper.p,
            "paper_significant": paper.p < settings.alpha,
        }
    )


def _measured(comparison: Comparison) -> tuple[Floats, Floats, Changes]:
    """Recall of each class for each member, dense and compressed, and its changes."""
    classes, correct = len(comparison.present), (comparison.dense.correct, comparison.compressed.correct)
    before, after = (recalls(right, comparison.stratum, classes) for right in correct)
    found = changes(*correct, comparison.stratum, classes, paired=comparison.paired, cluster=comparison.cluster)
    return before, after, found


def tests(
    comparison: Comparison, found: Changes, before: Floats, after: Floats, *, settings: Impact
) -> tuple[str, Tested, Tested]:
    """What the test is called, the test, and the paper's.

    Parameters
    ----------
    found : changes of recall
    before, after : float64 (members, classes), recall of dense and of compressed members
    """
    share, unknown = np.bincount(comparison.stratum) / len(comparison.stratum), untested(before.shape[1])
    if found.tested is None:
        return NO_TEST, unknown, unknown
    paper = welch_t_test(*(normalised(recall, recall @ share, own=False) for recall in (after, before)))
    if not takes_own_accuracy(settings.normalise, paired=comparison.paired):
        return "welch", paper, paper
    return "moderated-paired" if comparison.paired else "moderated", found.tested, paper


def class_tests(comparison: Comparison, *, settings: Impact) -> tuple[str, Tested, Floats]:
    """What the test of classes is called, the test, and the changes of recall less accuracy, (classes,).

    For two members a side or more, and two classes.
    """
    before, after, found = _measured(comparison)
    test, tested, _ = tests(comparison, found, before, after, settings=settings)
    return test, tested, found.relative.mean


def _columns(tested: Tested, alpha: float) -> dict[str, Floats]:
    q = q_values(tested.p)
    return {
        "t": tested.t,
        "degrees_of_freedom": tested.degrees_of_freedom,
        "p": tested.p,
        "q": q,
        "significant": tested.p < alpha,
        "significant_fdr": q < alpha,
        "direction": np.where(tested.t > 0, "gain", np.where(tested.t < 0, "loss", "none")),
    }


def columns(table: pd.DataFrame, *, alpha: float) -> Row:  # noqa: ARG001
    """How many classes are significant, and how many of those lose or gain relative to the average.

    Counts at an uncorrected alpha; `significant_classes_fdr` at the same false discovery rate;
    `paper_significant_classes` by the paper's test. Without a test there are no counts.
    """
    counts = ("significant_classes", "classes_lost", "classes_gained", "significant_classes_fdr")
    if table.empty or table["test"].iloc[0] == NO_TEST:
        return {
            "test": None,
            "classes": len(table) or None,
            **dict.fromkeys(counts),
            "paper_significant_classes": None,
        }
    significant = table[table["significant"]]
    return {
        "test": table["test"].iloc[0],
        "classes": len(table),
        "significant_classes": len(significant),
        "classes_lost": int((significant["direction"] == "loss").sum()),
        "classes_gained": int((significant["direction"] == "gain").sum()),
        "significant_classes_fdr": int(table["significant_fdr"].sum()),
        "paper_significant_classes": int(table["paper_significant"].sum()),
    }


def caution(comparison: Comparison) -> str | None:
    """Where classes hardly vary, one sentence on the paper's test; None where there is nothing to say."""
    if not (comparison.comparable_classes and comparison.several):
        return None
    correct = comparison.dense.correct, comparison.compressed.correct
    classes = len(comparison.present)
    recall = [recalls(right, comparison.stratum, classes) for right in correct]
    count = int(hardly_vary(recall, [right.mean(axis=1) for right in correct]).sum())
    if not count:
        return None
    which = "1 class hardly varies" if count == 1 else f"{count:,} classes hardly vary"
    return (
        f"{which} between members, less than accuracy does. The paper's test (paper_p) takes accuracy as known, and"
        " finds changes there that are none: its count is too high. The test beside it (p) is not misled."
    )


def finding(audited: Audited) -> Finding | None:
    """Which classes pay, and which gain, beyond noise; of a single pair of models `flips` says it."""
    found, alpha = audited.tables["impact"], audited.alpha
    if found.empty or audited.comparison.single:
        return None
    lowest = found.sort_values(["normalised_change", "class"], kind="stable")
    worst = lowest.iloc[0]
    if worst["test"] == NO_TEST:
        text = f"Hit hardest: {_listed(lowest)} points of recall. Whether other models would hit the same is not known."
        return Finding("Classes", points(worst["change"]), f"points of recall, {worst['name']}", text, place=3)
    sure = lowest[lowest["significant_fdr"]]
    pay = sure[(sure["direction"] == "loss") & (sure["change"] < 0)]
    gain = sure[(sure["direction"] == "gain") & (sure["change_low"] > 0)]
    level = f"at a false discovery rate of {alpha:g}"
    text = " ".join([*_sentences(pay, gain, len(sure), level), _by_chance(found, alpha)])
    if pay.empty:
        return Finding(
            "Classes", "0", "classes pay more than the average", f"{text} Lowest: {_listed(lowest)}.", place=3
        )
    hit = pay.iloc[0]
    return Finding("Classes", points(hit["change"]), f"points of recall, {hit['name']}", text, place=3)


def _listed(rows: pd.DataFrame) -> str:
    return ", ".join(f"{row['name']} ({points(row['change'])})" for row in rows.head(NAMED).to_dict("records"))


def _sentences(pay: pd.DataFrame, gain: pd.DataFrame, sure: int, level: str) -> list[str]:
    """Who pays, who gains, and who only seems to."""
    said = []
    if 0 < len(pay) <= NAMED:
        each = [f"{row['name']} loses {_lost(row['change'])}" for row in pay.to_dict("records")]
        said.append(f"{', '.join(each)} points of recall, more than the average {level}.")
    elif len(pay):
        said.append(f"{len(pay):,} classes lose more than the average {level}: first {_listed(pay)} points of recall.")
    if len(gain):
        said.append(f"{_count(len(gain))} recall: {_listed(gain.iloc[::-1])} points.")
    rest = sure - len(pay) - len(gain)
    if rest:
        more, differ = " more" if said else "", "differs" if rest == 1 else "differ"
        said.append(
            f"{rest:,}{more} {differ} from the average because that moves, not by a change of recall beyond its"
            " interval."
        )
    if not sure:
        said.append(f"No class changes more or less than the average {level}.")
    elif not rest:
        said.append("No other class changes beyond noise.")
    return said


def _count(gaining: int) -> str:
    return "1 class gains" if gaining == 1 else f"{gaining:,} classes gain"


def _lost(change: float) -> str:
    return points(-change).lstrip("+")


def _by_chance(found: pd.DataFrame, alpha: float) -> str:
    """What chance gives at an uncorrected alpha."""
    by_chance = number(round(alpha * len(found), 1))
    return f"Uncorrected, {int(found['significant'].sum()):,} have p < {alpha:g}; chance alone gives {by_chance}."
