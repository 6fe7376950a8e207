"""The headline table: what each variant costs on average, and what the average hides."""

import json
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from lesion.artifacts.atomic import write_text
from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.artifacts.tables import read_facts, read_parquet
from lesion.audit.comparison.populations import Population, read_population
from lesion.audit.contract import Row, Statistic
from lesion.audit.inference.effects import chance_variance
from lesion.audit.inference.intervals import mean_interval
from lesion.audit.registry import load, load_all

LAST = "sparsity_by_layer"  # the widest column


def size_row(files: Sequence[Path], *, examples: int) -> Row:
    """What a member takes (`compress.size`), the mean over all members, as the metadata of their predictions tell it.

    Empty where they tell nothing, as of predictions that were made elsewhere.

    Parameters
    ----------
    files : the predictions of a population, a file a shard
    examples : how many test examples there are
    """
    facts = [read_facts(path) for path in files]
    members = [pq.read_metadata(path).num_rows // examples for path in files]

    def mean(name: str) -> float | None:
        numbers = [shard[name] for shard in facts if name in shard]
        return float(np.average(numbers, weights=members)) if len(numbers) == len(facts) else None

    encodings = {shard["encoding"] for shard in facts if "encoding" in shard}
    return {
        "sparsity": mean("sparsity"),
        "parameters": facts[0].get("parameters"),
        "parameters_left": mean("parameters_left"),
        "multiply_adds": mean("multiply_adds"),
        "bytes_per_member": mean("bytes_per_member"),
        "encoding": " or ".join(sorted(encodings)) or None,
        LAST: _layers([shard.get(LAST, []) for shard in facts], members) or None,
    }


def _layers(of_shards: Sequence[Sequence[tuple[str, float]]], members: Sequence[int]) -> str:
    """`name share; name share`: the sparsity of each layer, the mean over members."""
    by_layer = zip(*of_shards, strict=True)
    means = [(same[0][0], float(np.average([share for _, share in same], weights=members))) for same in by_layer]
    return "; ".join(f"{name} {share:.3f}" for name, share in means)


def accuracy_row(population: Population) -> Row:
    """Mean top-1 and top-5 over members, as fractions; of top-1 also its 95 % interval and the standard deviation.

    The interval is for other members, on these test examples.
    """
    correct = None if population.label is None else population.correct
    top1 = None if correct is None else correct.mean(axis=1)
    several = top1 is not None and len(top1) > 1
    least = chance_variance(correct) if correct is not None and several else 0.0
    low, high = (None, None) if top1 is None else mean_interval(top1, least=least)
    return {
        "members": len(population.member),
        "top1": None if top1 is None else float(top1.mean()),
        "top1_low": low,
        "top1_high": high,
        "top1_sd": float(top1.std(ddof=1)) if top1 is not None and several else None,
        "top5": None if population.correct_top5 is None else float(population.correct_top5.mean()),
    }


def statistics_row(statistics: Mapping[str, Statistic], tables: Mapping[str, pd.DataFrame], *, alpha: float) -> Row:
    """The columns of all statistics, in their order, of the tables of one variant.

    Parameters
    ----------
    statistics : name → module (`registry.load_all`)
    tables : name of a statistic → its table
    """
    row: Row = {}
    for name, statistic in statistics.items():
        if name in tables:
            row |= statistic.columns(tables[name], alpha=alpha)
    return row


def as_table(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows of a summary as a table; a column of whole numbers stays one where a row has none."""
    names = list(dict.fromkeys(name for row in rows for name in row if name != LAST))
    if any(LAST in row for row in rows):
        names.append(LAST)
    return pd.DataFrame({name: _column([row.get(name) for row in rows]) for name in names})


def _column(values: Sequence[Any]) -> pd.Series:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, Integral) for value in known):
        return pd.Series(values, dtype="Int64")
    numbers = all(isinstance(value, Real) for value in known)
    return pd.Series(values, dtype="float64" if numbers else object)


def _read(path: Path, statistic: Statistic) -> pd.DataFrame:
    if statistic.SUFFIX == "parquet":
        return pd.DataFrame(read_parquet(path, statistic.SCHEMA).to_pandas())
    return read_csv(path)


def write_summary(
    *,
    study: str,  # noqa: ARG001
    predictions: dict[str, list[Path]],
    summary: Path,
    metrics: Path,
    alpha: float,
    **tables: dict[str, Path],
) -> None:
    """The step: write the table of all variants as CSV, and its numbers as JSON for `dvc metrics`.

    Parameters
    ----------
    predictions : variant → its files, dense first
    tables : name of a statistic → the file of each compressed variant
    """
    statistics = {name: statistic for name, statistic in load_all().items() if name in tables}
    rows = []
    for variant, files in predictions.items():
        population = read_population(files)
        row = {"variant": variant} | size_row(files, examples=len(population.example_id)) | accuracy_row(population)
        read = {name: _read(of[variant], load(name)) for name, of in tables.items() if variant in of}
        rows.append(row | statistics_row(statistics, read, alpha=alpha))
    table = as_table(rows)
    write_csv(summary, table)
    write_text(metrics, json.dumps(_metrics(table), indent=2) + "\n")


def _metrics(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Variant → its numbers by column; texts and empty cells are no metrics."""
    return {
        row["variant"]: {
            name: value for name, value in row.items() if not isinstance(value, str) and not pd.isna(value)
        }
        for row in table.to_dict("records")
    }
