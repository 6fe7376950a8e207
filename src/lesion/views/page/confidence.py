"""The section of the page on confidence: a reliability diagram, and how calibration changes."""

import pandas as pd

from lesion.audit.contract import Audited
from lesion.audit.statistics.calibration import ALL
from lesion.audit.wording import number
from lesion.views.page import page, reliable

MEASURES = {
    "ece": "calibration error (ECE)",
    "brier": "Brier score",
    "log_loss": "log loss",
    "overconfidence": "confidence less accuracy",
    "true_log_loss": "log loss of the true class",
}
RANKED = ("brier", "true_log_loss")  # the first that is known puts classes and groups in order
ORDER = " After the rows of all examples come the classes and groups that get worst."
TEXT = (
    "Confidence is the probability that a model gives to its answer. Calibration error: how far confidence and accuracy"
    " are apart, from bin to bin. Brier score: the mean of (confidence − 1)² of right answers and confidence² of wrong"
    " ones. Log loss: −log of the probability of what was so. Of all three less is better."
)
OF_TRUTH = "Log loss of the true class: −log of the probability that a model gives to it. Less is better."


def section(audited: Audited) -> list[page.Table]:
    """One table with its figure; none where no probabilities are known."""
    table, bins = audited.tables["calibration"], audited.tables["reliability"]
    if table.empty:
        return []
    rows = _rows(_ordered(table).head(page.ROWS))
    if bins.empty:
        return [page.Table("Probabilities", OF_TRUTH + ORDER, "calibration.csv", *rows, len(table), names=2)]
    drawing = reliable.diagram(bins)
    return [page.Table("Confidence", TEXT + ORDER, "calibration.csv", *rows, len(table), drawing, names=2)]


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of all examples, then one measure of each class and group: the worst first, small ones last."""
    whole, parts = table[table["attribute"] == ALL], table[table["attribute"] != ALL]
    measure = next(name for name in RANKED if (table["measure"] == name).any())
    ranked = parts[parts["measure"] == measure].sort_values(["small", "change"], ascending=[True, False], kind="stable")
    return pd.concat([whole, ranked])


def _rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    columns = ["group", "measure", "examples", "dense", "compressed", "change"]
    rows = []
    for row in table.to_dict("records"):
        name = ALL if row["attribute"] == ALL else f"{row['attribute']}: {row['group']}"
        count = f"{number(row['examples'])}{', small' if row['small'] else ''}"
        measured = [page.decimal(row[side], 4) for side in ("dense", "compressed")]
        change = page.decimal(row["change"], 4)
        if pd.notna(row["low"]):
            change += f" [{page.decimal(row['low'], 4)}, {page.decimal(row['high'], 4)}]"
        rows.append([name, MEASURES[row["measure"]], count, *measured, change])
    return columns, rows
