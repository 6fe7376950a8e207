"""The names of a study's classes, in order of label."""

from pathlib import Path

from lesion.artifacts.tables import EXAMPLES, read_facts, read_parquet


def class_names(examples: Path) -> list[str]:
    """Names of the classes, as `examples.parquet` carries them."""
    read_parquet(examples, EXAMPLES, ["example_id"])
    return list(read_facts(examples)["class_names"])
