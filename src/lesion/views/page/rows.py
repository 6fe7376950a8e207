"""Columns and rows of the tables of the page, as text."""

import pandas as pd

from lesion.audit.comparison.comparison import SIDES
from lesion.audit.wording import number, p_value, percent
from lesion.views.page.page import decimal, excerpt, with_interval

ANSWERS = ("dense_answer", "compressed_answer")
"""Columns of what the first dense and the first compressed model answered, as text."""


def class_rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the table of classes."""
    columns = ["class", "examples", "recall, dense", "recall, compressed", "change", "change beside the average"]
    tested = bool(table["q"].notna().any())
    rows = []
    for row in table.to_dict("records"):
        cells = [str(row["name"]), number(row["examples"]), percent(row["dense_recall"])]
        cells += [
            percent(row["compressed_recall"]),
            with_interval(row, "change"),
            with_interval(row, "normalised_change"),
        ]
        rows.append([*cells, p_value(row["p"]), p_value(row["q"])] if tested else cells)
    return ([*columns, "p", "q"] if tested else columns), rows


def group_rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the table of groups."""
    tested = bool(table["p"].notna().any())
    columns = [
        "group",
        "measure",
        "examples",
        "rate, dense",
        "rate, compressed",
        "change",
        "times the average",
        *(["p", "q"] if tested else []),
    ]
    rows = []
    for row in table.to_dict("records"):
        name = "all" if row["attribute"] == "all" else f"{row['attribute']}: {row['group']}"
        count = f"{number(row['examples'])}{', small' if row['small'] else ''}"
        rates = [percent(row["dense_rate"]), percent(row["compressed_rate"]), with_interval(row, "change")]
        beside = [decimal(row["normalised_change"], 1), *([p_value(row["p"]), p_value(row["q"])] if tested else [])]
        rows.append([name, row["measure"].replace("-", " "), count, *rates, *beside])
    return columns, rows


def example_rows(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the table of PIE."""
    answers = [name for name in ANSWERS if name in table]  # where these are known, right and wrong are the only classes
    labelled, scored = bool(table["label"].notna().any()) and not answers, bool(table["pie_score"].notna().any())
    sure = bool(table["dense_confidence"].notna().any())
    confidence = [f"confidence, {side}" for side in SIDES] if sure else []
    graded = ["PIE score", "taxicab", "p", "q"] if scored else confidence
    columns = ["example", *(["true"] if labelled else []), "dense", "compressed"]
    columns += [*(name.replace("_", " ") for name in answers), *graded]
    rows = []
    for row in table.to_dict("records"):
        share = [f" ({100 * row[f'{side}_share']:.0f}\N{NO-BREAK SPACE}%)" if scored else "" for side in SIDES]
        said = [f"{row[f'{side}_label']}{of}" for side, of in zip(SIDES, share, strict=True)]
        if scored:
            cells = [decimal(row["pie_score"]), decimal(row["taxicab"]), p_value(row["p"]), p_value(row["q"])]
        else:
            cells = [decimal(row[f"{side}_confidence"]) for side in SIDES] if sure else []
        said += [excerpt(str(row[name])) for name in answers]
        rows.append([str(row["example_id"]), *([str(row["label"])] if labelled else []), *said, *cells])
    return columns, rows
