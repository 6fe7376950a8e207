"""The findings of an audit in words that need no statistics."""

from dataclasses import dataclass

import pandas as pd

from lesion.audit.statistics.subgroups import ALL
from lesion.views.figures.style import MINUS, points


@dataclass(frozen=True)
class Finding:
    """One card of the page: what it is about, its number, what that is, and the sentences below."""

    about: str
    number: str
    unit: str
    text: str


def percent(share: float) -> str:
    """A share of all, such as 92.9 %, which no line break parts."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def number(value: float) -> str:
    """A count or a mean of counts, one decimal where it is small and not whole."""
    digits = 0 if float(value).is_integer() or abs(value) >= 100 else 1
    return f"{value:,.{digits}f}".replace("-", MINUS)


def _interval(row: pd.Series) -> str:
    return f"95 % interval {points(row['low'])} to {points(row['high'])}"


def average(rows: pd.DataFrame) -> Finding:
    """The change of accuracy; `rows`: `headline`, by measure."""
    row = rows.loc["top1"]
    text = f"Accuracy goes from {percent(row['dense'])} to {percent(row['compressed'])} ({_interval(row)})."
    if row["low"] <= 0 <= row["high"]:
        text += " The interval holds 0: on average, no change can be told from chance."
    return Finding("On average", points(row["value"]), "points of accuracy", text)


def _beside_noise(row: pd.Series, null: pd.DataFrame | None, what: str) -> str:
    """A count beside what seed noise alone gives, between as many models."""
    if null is None:
        return "How many seed noise alone would give is not known."
    mean, span = number(row["null"]), f"95 % of draws: {number(row['null_low'])} to {number(row['null_high'])}"
    beyond = f"{number(row['excess'])} more than seed noise"
    verdict = beyond if row["matched"] > row["null_high"] else "no more than seed noise can give"
    if null["design"].iloc[0] == "swaps":
        return f"Were compression nothing but another seed, there would be {mean} {what} ({span}): these are {verdict}."
    size = null["members"].iloc[0]
    return (
        f"With {size} models on each side, dense and compressed ones give {number(row['matched'])} {what}, dense and"
        f" other dense ones {mean} ({span}): {verdict}."
    )


def examples(rows: pd.DataFrame, null: pd.DataFrame | None) -> Finding:
    """How many PIE there are, beside the null; `rows`: `headline`, by measure."""
    pie, count = rows.loc["pie"], rows.loc["examples", "value"]
    single = rows.loc["models", ["dense", "compressed"]].max() == 1
    who = "another answer" if single else "another answer from most models"
    share = f"{percent(pie['value'] / count)} of {number(count)} examples get {who} after compression."
    return Finding("Examples", number(pie["value"]), "PIE", f"{share} {_beside_noise(pie, null, 'PIE')}")


def classes(rows: pd.DataFrame, table: pd.DataFrame, null: pd.DataFrame | None, *, alpha: float) -> Finding:
    """Which classes change more than the average, beside the null.

    Parameters
    ----------
    rows : `headline`, by measure
    table : `impact_` or `recall_` of an `Audit`
    """
    lowest = table.sort_values(["normalised_change", "class"], kind="stable").head(3).to_dict("records")
    listed = ", ".join(f"{row['class']} ({points(row['change'])})" for row in lowest)
    if "significant_classes_fdr" not in rows.index:
        text = f"Hit hardest: {listed} points of recall. Whether other models would hit the same is not known."
        return Finding("Classes", points(lowest[0]["change"]), f"points of recall, {lowest[0]['class']}", text)
    count = {name: number(rows.loc[name, "value"]) for name in rows.index if "class" in name}
    text = (
        f"{count['significant_classes_fdr']} of {len(table):,} classes change more or less than the average at a false"
        f" discovery rate of {alpha:g} ({count['significant_classes']} at p < {alpha:g} uncorrected:"
        f" {count['classes_lost']} lose, {count['classes_gained']} gain). Lowest: {listed} points of recall."
    )
    noise = _beside_noise(rows.loc["significant_classes"], null, f"classes of p < {alpha:g}")
    return Finding("Classes", count["significant_classes_fdr"], "pay or gain beyond the average", f"{text} {noise}")


def subgroups(table: pd.DataFrame, *, alpha: float) -> Finding:
    """Which groups get more wrong answers than the average; `table`: `subgroups_` of an `Audit`."""
    errors = table[(table["measure"] == "error") & (table["attribute"] != ALL)]
    large = errors[~errors["small"]] if not errors["small"].all() else errors
    worst = large.sort_values("change", ascending=False, kind="stable").iloc[0]
    who = f"{worst['attribute']} {worst['group']}"
    rates = f"{percent(worst['dense_rate'])} to {percent(worst['compressed_rate'])}"
    text = f"Hit hardest: {who}, whose error rate goes from {rates} ({number(worst['examples'])} examples)."
    if errors["p"].notna().any():
        count = int(errors["significant_fdr"].sum())
        text += f" {count} of {len(errors)} groups change more or less than the average (FDR {alpha:g})."
    if errors["small"].any():
        text += f" {int(errors['small'].sum())} have too few examples to be sure of."
    return Finding("Groups", points(worst["change"]), f"points of error, {who}", text)
