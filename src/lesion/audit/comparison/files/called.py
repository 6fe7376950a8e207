"""Names for the classes of a file that has numbers: in the order of a network's outputs, from a file of their own."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lesion.audit.comparison.classes import class_names
from lesion.audit.comparison.files.columns import compact, recoding
from lesion.audit.comparison.files.predictions import Predictions, Texts
from lesion.errors import InputError


def read_class_names(path: Path) -> Texts:
    """The names of the classes 0, 1, …: from a study's `examples.parquet`, or from a list of classes.

    A list is a text file with a line for each class, or a .csv or .tsv with the columns `id` and `name`.

    Raises
    ------
    InputError
        Where the file is missing or no such thing.
    """
    if path.suffix == ".parquet":
        return tuple(class_names(path))
    from lesion.data.class_list import read_classes  # most audits need none

    _, names = read_classes(path)
    return names


def with_class_names(read: Predictions, names: Texts, path: Path) -> Predictions:
    """The same with names for its classes. `path`: the file of predictions, for messages.

    Raises
    ------
    InputError
        Where the file names its classes itself or has none, or has a class beyond the names.
    """
    if read.class_names is not None or read.correct is not None:
        raise InputError(f"{path}: has no numbers of classes that --classes could name")
    said = read.population
    numbers = [said.prediction] if said.label is None else [said.prediction, said.label]
    most, least = max(int(one.max()) for one in numbers), min(int(one.min()) for one in numbers)
    if most >= len(names) or least < 0:
        odd = most if most >= len(names) else least
        raise InputError(f"{path}: has a class {odd}, and --classes names 0 to {len(names) - 1}")
    among = tuple(sorted(names))
    place = compact(recoding(names, among))
    label = None if said.label is None else place[np.asarray(said.label)]
    return replace(read, population=replace(said, prediction=place[said.prediction], label=label), class_names=among)
