"""The headline table: what each variant costs on average, and what the average hides."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.atomic import write_text
from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.artifacts.tables import PIE, read_facts, read_parquet
from lesion.audit.comparison.populations import Population, read_population
from lesion.audit.inference.intervals import mean_interval
from lesion.audit.statistics.null import beside_null
from lesion.params.shard import members

TEXTS = {"variant", "encoding", "test", "sparsity_by_layer"}
"""Columns that are not numbers; they are no metrics."""
COUNTS = ("pie", "significant_classes", "significant_classes_fdr")
WHOLE = {"classes", "classes_lost", "classes_gained", "pie_fdr", "null_members", *COUNTS}
EFFECTS = {"top1": "top1_change", "pie_share": "pie_share"}
FDR = 0.05


def size_row(study: str, variant: str, shards: list[str]) -> dict[str, Any]:
    """What a member takes (`compress.size`), the mean over all members, as the predictions of their shards tell it."""
    facts = [read_facts(paths.predictions(study, variant, shard)) for shard in shards]
    weights = [len(members(shard)) for shard in shards]

    def mean(numbers: Iterable[float]) -> float:
        return float(np.average(list(numbers), weights=weights))

    by_layer = zip(*(shard["sparsity_by_layer"] for shard in facts), strict=True)
    layers = [(of_shards[0][0], mean(share for _, share in of_shards)) for of_shards in by_layer]
    return {
        "sparsity": mean(shard["sparsity"] for shard in facts),
        "parameters": facts[0]["parameters"],
        "parameters_left": mean(shard["parameters_left"] for shard in facts),
        "multiply_adds": mean(shard["multiply_adds"] for shard in facts),
        "bytes_per_member": mean(shard["bytes_per_member"] for shard in facts),
        "encoding": " or ".join(sorted({shard["encoding"] for shard in facts})),
        "sparsity_by_layer": "; ".join(f"{name} {share:.3f}" for name, share in layers),
    }


def accuracy_row(population: Population) -> dict[str, float]:
    """Mean top-1 and top-5 over members, as fractions; of top-1 also its 95 % interval and the standard deviation."""
    top1 = population.correct.mean(axis=1)
    low, high = mean_interval(top1)
    return {
        "members": len(population.member),
        "top1": float(top1.mean()),
        "top1_low": low,
        "top1_high": high,
        "top1_sd": float(top1.std(ddof=1)) if len(top1) > 1 else float("nan"),
        "top5": float("nan") if population.correct_top5 is None else float(population.correct_top5.mean()),
    }


def impact_row(impact: pd.DataFrame) -> dict[str, Any]:
    """How many classes are significant, and how many of those lose or gain relative to the average.

    Counts at the paper's uncorrected alpha; `significant_classes_fdr` at the same false discovery rate.
    """
    significant = impact[impact["significant"]]
    return {
        "test": impact["test"].iloc[0],
        "classes": len(impact),
        "significant_classes": len(significant),
        "classes_lost": int((significant["direction"] == "loss").sum()),
        "classes_gained": int((significant["direction"] == "gain").sum()),
        "significant_classes_fdr": int(impact["significant_fdr"].sum()),
    }


def null_row(null: pd.DataFrame) -> dict[str, float]:
    """What seed noise alone gives, and what there is of it in the counts of populations of that size.

    For each count: null_<count>, its mean over the splits, with the ends of its 95 % range; matched_<count>, the mean
    between as many dense and compressed members; excess_<count>, what that has more than the null's mean.
    """
    row: dict[str, float] = {"null_members": int(null["members"].iloc[0])}
    for count in COUNTS:
        for name, value in beside_null(null, count).items():
            of_null, _, end = name.partition("_")
            row["_".join(filter(None, (of_null, count, end)))] = value
    return row


def pie_row(pie: pd.DataFrame) -> dict[str, float]:
    """How many examples are PIE, which share, and how many of them are told from chance at a false discovery rate."""
    return {"pie": int(pie["pie"].sum()), "pie_fdr": int((pie["pie"] & (pie["q"] < FDR)).sum())}


def effects_row(effects: pd.DataFrame) -> dict[str, float]:
    """Change of accuracy and share of PIE, with the ends of their intervals."""
    row: dict[str, float] = {}
    for measure, name in EFFECTS.items():
        found = effects.loc[effects["measure"] == measure].iloc[0]
        row |= {name: found["change"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
    return row


def summarise(*, study: str, shards: list[str], compressed: list[str]) -> pd.DataFrame:
    """One row a variant, dense first; counts of the audit are empty for dense."""
    rows = []
    for variant in ("dense", *compressed):
        row = {"variant": variant} | size_row(study, variant, shards)
        row |= accuracy_row(read_population(study, variant, shards))
        if variant != "dense":
            row |= impact_row(read_csv(paths.impact(study, variant)))
            row |= pie_row(read_parquet(paths.pie(study, variant), PIE, ["pie", "q"]).to_pandas())
            row |= effects_row(read_csv(paths.effects(study, variant)))
            row |= null_row(read_csv(paths.null(study, variant)))
        rows.append(row)
    table = pd.DataFrame(rows)
    table["sparsity_by_layer"] = table.pop("sparsity_by_layer")  # the widest column goes last
    return table.astype({name: "Int64" for name in table if name in WHOLE})


def summary(*, study: str, shards: list[str], trained: list[str], derived: list[str]) -> None:
    """The step: write `summary.csv`, and `summary.json` for `dvc metrics`."""
    table = summarise(study=study, shards=shards, compressed=[*trained, *derived])
    metrics = {
        row["variant"]: {name: value for name, value in row.items() if name not in TEXTS and not pd.isna(value)}
        for row in table.to_dict("records")
    }
    write_csv(paths.summary(study), table)
    write_text(paths.summary(study, "json"), json.dumps(metrics, indent=2) + "\n")
