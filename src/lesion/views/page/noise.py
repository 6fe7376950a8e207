"""The section of the page on seed noise: what other seeds alone change, beside what compression does."""

from lesion.audit.contract import Audited
from lesion.audit.noise import COUNTS, MEANING
from lesion.audit.wording import number, p_value
from lesion.views.page import marks, page

TEXT = (
    "Two models trained from other seeds disagree too, with no compression at all. The grey band: how many answers"
    " differ between dense models alone. The dot: how many differ between dense and compressed models of other seeds,"
    " as many of them; its line is where their mean may lie beside the mean of the grey."
)


def compared(members: int) -> tuple[str, str]:
    """What the two comparisons are called."""
    return f"{members} dense against {members} dense", f"{members} dense against {members} compressed"


def section(audited: Audited) -> list[page.Table]:
    """One table with its chart; none where there are too few models."""
    null = audited.tables["null"]
    if null.empty:
        return []
    columns = ["answers that differ", *compared(int(null["members"].iloc[0])), "beyond seed noise"]
    tested = bool(null["p"].notna().any())
    rows = []
    for row in null.to_dict("records"):
        kind = row["count"]
        name = f"{COUNTS[kind]} ({MEANING[kind]})" if kind in MEANING else COUNTS[kind]
        alone = f"{number(row['null'])} ({number(row['null_low'])} to {number(row['null_high'])})"
        beyond = f"{number(row['excess'])} [{number(row['excess_low'])}, {number(row['excess_high'])}]"
        rows.append([name, alone, number(row["matched"]), beyond, *([p_value(row["p"])] if tested else [])])
    columns += ["p"] if tested else []
    chart = marks.noise(null, compared)
    return [page.Table("Seed noise", TEXT, "null.csv", columns, rows, len(null), chart=chart)]
