"""Logs of lm-evaluation-harness: a samples_*.jsonl file, or a folder of them."""

from pathlib import Path

from lesion.audit.comparison.files.benchmarks.logs import names
from lesion.audit.comparison.files.contract import Reading
from lesion.audit.comparison.files.predictions import Predictions

ORDER = 10
READS = "samples_*.jsonl or a folder of lm-evaluation-harness"
TAKES = ("task", "filter", "metric")
NAMES = names("samples_", ".jsonl", depth=1)
START = 2**20  # bytes of a line in which to look for its keys


def recognises(path: Path) -> bool:
    """A folder by the names in it, a file by the keys of its first line."""
    if path.is_dir():
        return bool(NAMES.below(path))
    if path.suffix.lower() not in (".jsonl", ".json") or not path.is_file():
        return False
    with path.open("rb") as file:
        return b'"filtered_resps"' in file.readline(START)


def read(path: Path, reading: Reading) -> Predictions:
    """The newest log of each task, as choices or as graded answers."""
    from lesion.audit.comparison.files.benchmarks.harness import documents
    from lesion.audit.comparison.files.benchmarks.read import read_run

    return read_run(path, reading, NAMES, documents, benchmark="lm-evaluation-harness")
