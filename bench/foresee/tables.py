"""The tables of docs/results/foresee/README.md, made of the files beside it."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

Rows = Iterator[list[str]]

NAMES = {"digits": "digits", "cifar10-catalogue": "CIFAR-10", "docstrings": "docstrings"}
LEAST = 5  # changes that are worth a row
LISTED = "gmp-90"  # the variant whose scores are shown
SAME = {"another seed", "int8-static", "int8", "int4", "gmp-50", "gmp-90"}  # variants that their kind names


def share(value: float) -> str:
    """Two digits, without the zero before the point."""
    if pd.isna(value):
        return ""
    return "1.00" if round(value, 2) >= 1 else f"{value:.2f}"[1:]


def _areas(folder: Path) -> Iterator[tuple[str, str, pd.DataFrame, pd.DataFrame]]:
    """Data, compression, and the rows of changed and of broken answers, from few members to all."""
    found = pd.read_csv(folder / "foresight.csv")
    found = found[(found["score"] == "margin") & found["auroc"].notna()]
    for (data, models, variant), rows in found.groupby(["data", "models", "variant"], sort=False):
        changed, broken = (
            rows[(rows["target"] == target) & (rows["among"] == among)].sort_values("members")
            for target, among in (("changed", "all"), ("broken", "right"))
        )
        if changed["events"].iloc[0] >= LEAST:
            yield NAMES.get(data, models), variant, changed, broken


def of_one(folder: Path) -> Rows:
    """What one model foresees."""
    for data, variant, *targets in _areas(folder):
        cells = [data, variant]
        for rows in targets:
            row = rows.iloc[0]
            area = f"{share(row['auroc'])} ({share(row['auroc_low'])} to {share(row['auroc_high'])})"
            cells += [f"{row['events']:,}", area, f"{100 * row['tenth']:.0f} %"]
        yield cells


def of_halves(folder: Path) -> Rows:
    """What one half of the members foresees of the other."""
    for data, variant, changed, broken in _areas(folder):
        one, all_, of_broken, all_broken = (rows.iloc[place] for rows in (changed, broken) for place in (0, -1))
        if pd.notna(all_["matched"]):
            values = [one["matched"], *all_[["matched", "ceiling", "taxicab"]]]
            values += [of_broken["matched"], *all_broken[["matched", "ceiling"]]]
            yield [data, variant, *map(share, values)]


def of_scores(folder: Path) -> Rows:
    """Scores beside each other, from 1, 4 and as many members as a half has."""
    found = pd.read_csv(folder / "scores.csv")
    found = found[found["variant"] == LISTED].set_index(["data", "score", "members", "target", "among"])["auroc"]
    columns = [("digits", (1, 4, 15), "changed", "all"), ("cifar10-catalogue", (1, 4, 5), "changed", "all"),
               ("cifar10-catalogue", (1, 4, 5), "broken", "right")]  # fmt: skip
    for score in found.index.get_level_values("score").unique():
        keys = [(data, score, size, target, among) for data, sizes, target, among in columns for size in sizes]
        yield [score, *(share(found.get(key, float("nan"))) for key in keys)]


def of_sizes(folder: Path) -> Rows:
    """Sizes of perturbations, and what those of other models would have foretold."""
    for row in pd.read_csv(folder / "sizes.csv").to_dict("records"):
        by = "_by_seeds" if pd.notna(row["low_by_seeds"]) else ""
        kind = row["kind"] if row["variant"] in SAME else f"{row['kind']} ({row['variant']})"
        flips = f"{row['flips']:,.0f}" if row["flips"] >= 10 else f"{row['flips']:.1f}"
        of_seeds = "" if pd.isna(row["over_seeds"]) else f"{row['over_seeds']:.2f}"
        missed = "" if str(row[f"inside{by}"]) == "True" else ", **missed**"
        yield [
            kind, NAMES.get(row["data"], row["models"]), f"{flips} of {row['examples']:,}", f"{row['size']:.2f}",
            f"{row['over_median']:.2f}", of_seeds, f"{row[f'low{by}']:,.0f} to {row[f'high{by}']:,.0f}{missed}",
        ]  # fmt: skip


def markdown(rows: Rows) -> str:
    """The lines of a table, without its head."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def tables(folder: Path) -> list[str]:
    """The four tables, in their order on the page."""
    return [markdown(rows(folder)) for rows in (of_one, of_halves, of_scores, of_sizes)]
