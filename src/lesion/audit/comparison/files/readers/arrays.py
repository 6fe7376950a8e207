"""Arrays of class ids: a `.npy` file."""

from pathlib import Path

import numpy as np

from lesion.audit.comparison.files.contract import Reading
from lesion.audit.comparison.files.formats import readable
from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.populations import Population
from lesion.audit.comparison.source import source
from lesion.errors import InputError

ORDER = 20
READS = ".npy"


def recognises(path: Path) -> bool:
    """By the suffix."""
    return path.suffix.lower() == ".npy"


def read(path: Path, reading: Reading) -> Predictions:  # noqa: ARG001
    """Rows are members, columns are examples: 0 and up, in their order."""
    prediction = read_array(path)
    members, examples = prediction.shape
    said = source(path, f"NumPy array of class ids, {members} × {examples} (models × examples)")
    population = Population(np.arange(examples), np.arange(members), None, prediction)
    return Predictions(population, source=said, numbered=True)


def read_array(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.integer]]:
    """The integers of a `.npy` file, (members, examples); a single row of (examples,) is one member."""
    with readable(path):
        array = np.load(path, allow_pickle=False)
    if isinstance(array, np.ndarray) and array.dtype == bool:
        array = array.astype(np.int8)
    if not isinstance(array, np.ndarray) or array.ndim not in (1, 2) or not np.issubdtype(array.dtype, np.integer):
        kind = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        raise InputError(f"{path}: holds {kind}, integers (members, examples) or (examples,) expected")
    if not array.size:
        raise InputError(f"{path}: holds no predictions")
    if array.min() < 0:
        raise InputError(f"{path}: holds the class {array.min()}; class ids are 0 and up")
    return np.atleast_2d(array)
