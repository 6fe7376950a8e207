"""The names of a study's classes, in order of label."""

from lesion.artifacts import paths
from lesion.artifacts.tables import EXAMPLES, read_facts, read_parquet


def class_names(study: str) -> list[str]:
    """Names of the classes, as `examples.parquet` carries them."""
    path = paths.examples(study)
    read_parquet(path, EXAMPLES, ["example_id"])
    return list(read_facts(path)["class_names"])
