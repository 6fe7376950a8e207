"""Details of lighteval: a details_*.parquet file, or a folder of them."""

from pathlib import Path

from lesion.audit.comparison.files.benchmarks.logs import names
from lesion.audit.comparison.files.contract import Reading
from lesion.audit.comparison.files.predictions import Predictions

ORDER = 11
READS = "details_*.parquet or a folder of lighteval"
TAKES = ("task", "filter", "metric")
NAMES = names("details_", ".parquet", depth=5)


def recognises(path: Path) -> bool:
    """By the name, or the names in a folder; of a file the columns must be there, too."""
    if path.is_dir():
        return bool(NAMES.below(path))
    if not NAMES.pattern.fullmatch(path.name) or not path.is_file():
        return False
    from lesion.audit.comparison.files.benchmarks.lighteval import is_details

    return is_details(path)


def read(path: Path, reading: Reading) -> Predictions:
    """The newest details of each task, as choices or as graded answers."""
    from lesion.audit.comparison.files.benchmarks.lighteval import documents
    from lesion.audit.comparison.files.benchmarks.read import read_run

    return read_run(path, reading, NAMES, documents, benchmark="lighteval")
