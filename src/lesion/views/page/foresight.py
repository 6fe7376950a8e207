"""The section of the page on foresight: how well the dense models alone foresaw what changed."""

import pandas as pd

from lesion.audit.contract import Audited
from lesion.audit.inference.foresight_targets import BROKEN, CHANGED, RIGHT
from lesion.audit.wording import number, percent
from lesion.views.page import page

TARGETS = {CHANGED: "answers that change", BROKEN: "answers that break"}
TEXT = (
    "Before anything was compressed, how unsure dense models were told which answers are at risk. AUROC: the chance"
    " that an answer that changes had a higher risk than one that does not; one half is guessing. Tenth: the share of"
    " these answers that are among the tenth of the examples at highest risk. With 95 % intervals for other examples."
)
SEVERAL = (
    " Margin: how sure members are, and how far they agree. Halves: what the dense members of one half of all models"
    " foresee of the other half. Ceiling: what that half foresees if its compressed models are asked, too."
)
EXPECTED = (
    " If compression were the same small error everywhere, {} of the flips would lie among examples of another risk"
    " than they do; chance alone gives about {}."
)


def section(audited: Audited) -> list[page.Table]:
    """One table; none where dense models say nothing of their risk, or no answer changes."""
    table = audited.tables["foresight"]
    shown = table[table["auroc"].notna()]
    if shown.empty:
        return []
    text = TEXT + (SEVERAL if shown["members"].max() > 1 else "")
    told = shown["misplaced"].notna()
    if told.any():
        first = shown[told].iloc[0]
        text += EXPECTED.format(percent(first["misplaced"]), percent(first["misplaced_by_chance"]))
    return [page.Table("Foresight", text, "foresight.csv", *_rows(shown.head(page.ROWS)), len(table), names=2)]


def _rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    several, halves = table["members"].max() > 1, bool(table["ceiling"].notna().any())
    columns = ["what was foreseen", "among", *(["by", "dense models asked"] if several else [])]
    columns += ["such answers", "AUROC", "among the riskiest tenth", *(["halves", "ceiling"] if halves else [])]
    rows = []
    for row in table.to_dict("records"):
        among = "right answers" if row["among"] == RIGHT else "all examples"
        asked = [str(row["score"]), number(row["members"])] if several else []
        area = f"{row['auroc']:.2f} [{row['auroc_low']:.2f}, {row['auroc_high']:.2f}]"
        tenth = f"{percent(row['tenth'])} [{percent(row['tenth_low'])}, {percent(row['tenth_high'])}]"
        beside = [page.decimal(row["matched"]), page.decimal(row["ceiling"])] if halves else []
        rows.append([TARGETS[row["target"]], among, *asked, number(row["events"]), area, tenth, *beside])
    return columns, rows
