"""The section of the page on confidence: a reliability diagram, and how calibration changes."""

from collections.abc import Callable
from functools import partial

import matplotlib.figure
import pandas as pd

from lesion.audit.contract import Audited
from lesion.audit.statistics.calibration import ALL
from lesion.audit.wording import number
from lesion.params.figure import Figure
from lesion.views.figures import reliability, style
from lesion.views.page import page

SIZE = Figure(width=6.5, height=5.0, font_size=9.0)
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

Draw = Callable[[str, Figure, str, Callable[[], matplotlib.figure.Figure]], str]


def section(audited: Audited, draw: Draw) -> list[page.Table]:
    """One table with its figure; none where no probabilities are known.

    Parameters
    ----------
    draw : makes an element of the page of a figure: its name, size, description, and what draws it
    """
    table, bins = audited.tables["calibration"], audited.tables["reliability"]
    if table.empty:
        return []
    rows = _rows(_ordered(table).head(page.ROWS))
    if bins.empty:
        return [page.Table("Probabilities", OF_TRUTH + ORDER, "calibration.csv", *rows, len(table))]
    drawing = draw("reliability", SIZE, "Accuracy by confidence", partial(diagram, bins))
    return [page.Table("Confidence", TEXT + ORDER, "calibration.csv", *rows, len(table), drawing)]


def diagram(bins: pd.DataFrame) -> matplotlib.figure.Figure:
    """The reliability diagram of one comparison, of the rows of `reliability.csv`."""
    drawing = style.canvas(reliability.TITLE)
    axes = drawing.subplots()
    reliability.diagram(axes, bins)
    axes.set_xlabel("Mean confidence (%)")
    axes.set_ylabel("Accuracy (%)")
    drawing.legend(handles=reliability.keys(), loc="outside lower center", ncols=3)
    return drawing


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
