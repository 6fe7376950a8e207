"""The headline table: what each variant costs on average, and what the average hides."""

import json

import numpy as np
import pandas as pd

from lesion.artifacts import paths
from lesion.artifacts.atomic import write_text
from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.artifacts.tables import PIE, read_facts, read_parquet
from lesion.audit.populations import Population, read_population


def accuracy_row(population: Population) -> dict[str, float]:
    """Mean top-1 and top-5 over members, and the standard deviation of top-1 between them, as fractions."""
    top1 = population.correct.mean(axis=1)
    return {
        "members": len(population.member),
        "top1": float(top1.mean()),
        "top1_sd": float(top1.std(ddof=1)) if len(top1) > 1 else float("nan"),
        "top5": float(population.correct_top5.mean()),
    }


def impact_row(impact: pd.DataFrame) -> dict[str, int]:
    """How many classes are significant, and how many of those lose or gain relative to the average."""
    significant = impact[impact["significant"]]
    return {
        "classes": len(impact),
        "significant_classes": len(significant),
        "classes_lost": int((significant["direction"] == "loss").sum()),
        "classes_gained": int((significant["direction"] == "gain").sum()),
    }


def null_row(null: pd.DataFrame) -> dict[str, float]:
    """Mean and 95 % range of the counts that seed noise alone gives."""
    row: dict[str, float] = {}
    for name in ("pie", "significant_classes"):
        low, high = np.percentile(null[name], [2.5, 97.5])
        row |= {
            f"null_{name}": float(null[name].mean()),
            f"null_{name}_low": float(low),
            f"null_{name}_high": float(high),
        }
    return row


def summarise(*, study: str, shards: list[str], compressed: list[str]) -> pd.DataFrame:
    """One row a variant, dense first; counts of the audit are empty for dense."""
    noise = null_row(read_csv(paths.null(study)))
    rows = []
    for variant in ("dense", *compressed):
        facts = read_facts(paths.predictions(study, variant, shards[0]))
        row = {"variant": variant, "sparsity": facts["sparsity"], "bytes_per_member": facts["bytes_per_member"]}
        row |= accuracy_row(read_population(study, variant, shards))
        if variant != "dense":
            row |= impact_row(read_csv(paths.impact(study, variant)))
            pie = read_parquet(paths.pie(study, variant), PIE, ["pie"]).column("pie").to_numpy()
            row |= {"pie": int(pie.sum()), "pie_share": float(pie.mean())} | noise
        rows.append(row)
    table = pd.DataFrame(rows)
    counts = {"classes", "significant_classes", "classes_lost", "classes_gained", "pie"}
    return table.astype({name: "Int64" for name in table if name in counts})


def summary(*, study: str, shards: list[str], trained: list[str], derived: list[str]) -> None:
    """The step: write `summary.csv`, and `summary.json` for `dvc metrics`."""
    table = summarise(study=study, shards=shards, compressed=[*trained, *derived])
    metrics = {
        row["variant"]: {key: value for key, value in row.items() if key != "variant" and not pd.isna(value)}
        for row in table.to_dict("records")
    }
    write_csv(paths.summary(study), table)
    write_text(paths.summary(study, "json"), json.dumps(metrics, indent=2) + "\n")
