"""The node of a statistic: one entry for all of them."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from lesion.artifacts.csv_tables import write_csv
from lesion.artifacts.tables import write_parquet
from lesion.audit.comparison.from_nodes import from_nodes
from lesion.audit.registry import load
from lesion.params.design import Design


def write_statistic(
    *,
    statistic: str,
    study: str,
    variant: str,
    examples: Path,
    dense: list[Path],
    compressed: list[Path],
    table: Path,
    root_seed: int,
    design: Design,
    cluster: str | None,
    **settings: Any,
) -> None:
    """The step: compare a variant with dense and write the table of a statistic.

    Parameters
    ----------
    statistic : a module of `lesion.audit.statistics`
    dense, compressed : the predictions of both populations, a file a shard
    settings : the other arguments of the statistic's `table`
    """
    module = load(statistic)
    comparison = from_nodes(
        study=study,
        variant=variant,
        examples=examples,
        dense=dense,
        compressed=compressed,
        root_seed=root_seed,
        design=design,
        cluster=cluster,
    )
    found = module.table(comparison, **settings)
    if module.SUFFIX == "parquet":
        shards = [path.stem for path in compressed]
        columns = pa.Table.from_pandas(found, schema=module.SCHEMA, preserve_index=False)
        write_parquet(table, columns, study=study, variant=variant, shards=shards)
    else:
        write_csv(table, found[module.SCHEMA.names])
