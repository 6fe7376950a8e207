"""The sections of the page on classes and groups: how recall and error rates change."""

import pandas as pd

from lesion.audit.contract import Audited
from lesion.audit.statistics.subgroups import ALL
from lesion.views.page import marks, page
from lesion.views.page.rows import class_rows, group_rows


def of_classes(audited: Audited) -> list[page.Table]:
    """The recall of each class, those first that pay most beside the average; none without classes."""
    table = audited.tables["impact"]
    if table.empty:
        return []
    few = page.ends(table.sort_values(["normalised_change", "class"], kind="stable"))
    chart = marks.intervals(
        few,
        average=audited.summary.loc["compressed", "top1_change"],
        title="change of recall (points)",
        alpha=audited.alpha,
        sure=_sure(few),
    )
    title = "Recall of classes" if audited.comparison.single else "Classes"
    said = "How much the recall of each class changes. The classes that pay most beside the average come first."
    return [page.Table(title, said, "impact.csv", *class_rows(few), len(table), chart=chart)]


def of_groups(audited: Audited) -> list[page.Table]:
    """The error rate of each group, and of two classes false positives and negatives; none without groups."""
    table = audited.tables["subgroups"]
    if table[table["attribute"] != ALL].empty:
        return []
    few = page.ends(table)
    chart = marks.intervals(
        few,
        average=-audited.summary.loc["compressed", "top1_change"],
        title="change of the rate (points)",
        alpha=audited.alpha,
        sure=_sure(few),
    )
    title = "Wrong answers by group" if audited.comparison.single else "Groups"
    said = "Wrong answers by group: more of them is a loss. Of two classes, the second counts as positive."
    return [page.Table(title, said, "subgroups.csv", *group_rows(few), len(table), names=2, chart=chart)]


def _sure(table: pd.DataFrame) -> pd.Series | None:
    return table["significant_fdr"].astype(bool) if table["p"].notna().any() else None
