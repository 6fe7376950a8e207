"""Comparisons of made-up populations, and the nodes of the audit run on files."""

from pathlib import Path
from typing import Any

import numpy as np

from lesion.audit import registry
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.node import write_statistic
from lesion.audit.summary import write_summary
from lesion.params.design import Design


def compared(
    dense: Population, compressed: Population, *, classes: int, design: Design = "auto", **known: Any
) -> Comparison:
    """A comparison of classes 0, 1, …"""
    return Comparison(dense, compressed, np.arange(classes), dense.example_id, design, **known)


def examples_path(study: str) -> Path:
    """Where the table of examples lies."""
    return Path("results") / study / "data" / "examples.parquet"


def predictions(study: str, variant: str, shards: list[str]) -> list[Path]:
    """The files of a population."""
    return [Path("results") / study / "predictions" / variant / f"{shard}.parquet" for shard in shards]


def table_path(study: str, statistic: str, variant: str) -> Path:
    """Where the table of a statistic lies."""
    return Path("results") / study / statistic / f"{variant}.{registry.load(statistic).SUFFIX}"


def summary_path(study: str, suffix: str = "csv") -> Path:
    """Where the summary lies."""
    return Path("results") / study / f"summary.{suffix}"


def run(
    statistic: str,
    study: str,
    variant: str,
    shards: list[str],
    *,
    root_seed: int = 1,
    design: Design = "auto",
    cluster: str | None = None,
    **settings: Any,
) -> Path:
    """Run the node of a statistic below the current folder; the file that it wrote."""
    write_statistic(
        statistic=statistic,
        study=study,
        variant=variant,
        examples=examples_path(study),
        dense=predictions(study, "dense", shards),
        compressed=predictions(study, variant, shards),
        table=table_path(study, statistic, variant),
        root_seed=root_seed,
        design=design,
        cluster=cluster,
        **settings,
    )
    return table_path(study, statistic, variant)


def run_summary(study: str, compressed: list[str], shards: list[str], *, alpha: float, statistics: list[str]) -> Path:
    """Run the node of the summary below the current folder; the file that it wrote."""
    write_summary(
        study=study,
        predictions={variant: predictions(study, variant, shards) for variant in ("dense", *compressed)},
        summary=summary_path(study),
        metrics=summary_path(study, "json"),
        alpha=alpha,
        **{name: {variant: table_path(study, name, variant) for variant in compressed} for name in statistics},
    )
    return summary_path(study)
