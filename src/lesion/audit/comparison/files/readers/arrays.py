"""Arrays of NumPy: class ids, or what models give every class, in .npy and .npz."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.files.contract import Reading
from lesion.audit.comparison.files.formats import MemoryTable, readable
from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.populations import Population
from lesion.audit.comparison.source import source
from lesion.errors import InputError

ORDER = 20
READS = ".npy, .npz"
TAKES: tuple[str, ...] = ()
SCORES = {"probabilities": False, "logits": True}
"""Names of the arrays of scores in an archive, and whether they are logits."""

Array = npt.NDArray[Any]


def recognises(path: Path) -> bool:
    """By the suffix."""
    return path.suffix.lower() in (".npy", ".npz")


def read(path: Path, reading: Reading) -> Predictions:  # noqa: ARG001
    """Class ids (members, examples), scores (members, examples, classes), or either of one member."""
    with readable(path):
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.ndarray):
            return _archive(path, {name: loaded[name] for name in loaded.files})
    if np.issubdtype(loaded.dtype, np.floating) and not _whole(loaded):
        return _archive(path, {"probabilities": loaded})
    return _ids(path, loaded)


def _whole(array: Array) -> bool:
    """Whether these are whole numbers, and not the probabilities of models that are sure of every answer."""
    return bool((array == np.floor(array)).all() and (array.sum(axis=-1) != 1).any())


def _ids(path: Path, array: Array) -> Predictions:
    """Rows are members, columns are examples: 0 and up, in their order."""
    if array.dtype == bool:
        array = array.astype(np.int8)
    if array.ndim not in (1, 2) or not np.issubdtype(array.dtype, np.integer):
        raise InputError(
            f"{path}: holds {array.dtype} {array.shape}, integers (members, examples) or (examples,) expected, or"
            " probabilities (members, examples, classes) or (examples, classes)"
        )
    if not array.size:
        raise InputError(f"{path}: holds no predictions")
    if array.min() < 0:
        raise InputError(f"{path}: holds the class {array.min()}; class ids are 0 and up")
    prediction = np.atleast_2d(array)
    members, examples = prediction.shape
    said = source(path, f"NumPy array of class ids, {members} × {examples} (models × examples)")
    population = Population(np.arange(examples), np.arange(members), None, prediction)
    return Predictions(population, source=said, numbered=True)


def _archive(path: Path, arrays: dict[str, Array]) -> Predictions:
    """An array of scores, with label, example_id, member, cluster and attributes beside it."""
    from lesion.audit.comparison.files.rows import of_table
    from lesion.audit.comparison.files.score_arrays import answers, cube, rows

    names = [name for name in SCORES if name in arrays]
    if len(names) != 1:
        raise InputError(f"{path}: has the arrays {', '.join(arrays)}; one of probabilities and logits expected")
    name = names[0]
    scores = cube(path, name, arrays.pop(name))
    members, examples, classes = scores.shape
    length = {key: members if key == "member" else examples for key in arrays}
    if odd := [key for key, values in arrays.items() if values.shape != (length[key],)]:
        raise InputError(f"{path}: {odd[0]} has the shape {arrays[odd[0]].shape}, {(length[odd[0]],)} expected")
    label = arrays.get("label")
    if label is not None and not np.issubdtype(label.dtype, np.integer):
        raise InputError(f"{path}: label holds {label.dtype}; class ids, places among the classes, expected")
    found = answers(path, name, scores, label, logits=SCORES[name])
    of_members = {"member": arrays.pop("member")} if "member" in arrays else {"member": np.arange(members)}
    numbered = "example_id" not in arrays
    of_examples = {"example_id": np.arange(examples)} | arrays
    read, _ = of_table(path, MemoryTable("NumPy", rows(found, of_members, of_examples)))
    said = f"NumPy array of {name}, {members} × {examples} × {classes} (models × examples × classes)"
    return replace(read, source=source(path, said), numbered=numbered)
