"""Two files of predictions made one comparison: the same examples, the same numbers for the same classes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.files.columns import compact, recoding
from lesion.audit.comparison.files.grid import Texts
from lesion.audit.comparison.files.readers import BLOCK, Attributes, Predictions, read_predictions
from lesion.audit.comparison.populations import Population
from lesion.errors import InputError


@dataclass(frozen=True)
class PredictionFiles:
    """Dense and compressed populations of the same examples; the rest as in `Predictions`, of both files together."""

    dense: Population
    compressed: Population
    class_names: Texts | None
    example_names: Texts | None
    attributes: Attributes
    left_out: Texts


def read_prediction_files(dense: Path, compressed: Path, *, block_size: int = BLOCK) -> PredictionFiles:
    """Read two files and fit them together. Labels or attributes may be in one of them only.

    Raises
    ------
    InputError
        As `read_predictions`; where the files hold other examples, or say other things of them, or one names its
        classes or examples and the other numbers them.
    """
    paths = dense, compressed
    one, other = (read_predictions(path, block_size=block_size) for path in paths)
    _same_examples(paths, one, other)
    names = _agreed(paths, "classes", one.class_names, other.class_names)
    populations = [
        _renamed(said.population, said.class_names, names) if said.class_names and names else said.population
        for said in (one, other)
    ]
    labels = [population.label for population in populations]
    if labels[0] is not None and labels[1] is not None:
        _same_values(paths, one, "label", labels[0], labels[1], names)
    for name in one.attributes.keys() & other.attributes.keys():
        _same_values(paths, one, name, one.attributes[name], other.attributes[name], None)
    label = labels[1] if labels[0] is None else labels[0]
    both = [replace(population, label=label) for population in populations]
    left_out = tuple(dict.fromkeys((*one.left_out, *other.left_out)))
    attributes = {name: text for name, text in {**other.attributes, **one.attributes}.items() if name not in left_out}
    return PredictionFiles(both[0], both[1], names, one.example_names, attributes, left_out)


def _agreed(paths: Sequence[Path], what: str, one: Texts | None, other: Texts | None) -> Texts | None:
    if one is None and other is None:
        return None
    if one is None or other is None:
        number, text = (paths[0], paths[1]) if one is None else (paths[1], paths[0])
        name = (one or other or ("",))[0]
        raise InputError(f"{number}: {what} are integers, in {text} names, such as {name}; the same expected in both")
    return tuple(sorted({*one, *other}))


def _renamed(population: Population, names: Texts, among: Texts) -> Population:
    place = compact(recoding(names, among))
    label = None if population.label is None else place[population.label]
    return replace(population, prediction=place[population.prediction], label=label)


def _said(names: Texts | None, value: object) -> str:
    return names[int(str(value))] if names is not None else str(value)


def _same_examples(paths: Sequence[Path], one: Predictions, other: Predictions) -> None:
    _agreed(paths, "example ids", one.example_names, other.example_names)
    ids = [said.example_names or said.population.example_id.tolist() for said in (one, other)]
    if ids[0] == ids[1]:
        return
    for full, short in ((0, 1), (1, 0)):
        if lacking := sorted(set(ids[full]) - set(ids[short])):
            count = f"{len(lacking):,} of the {len(ids[full]):,} examples"
            raise InputError(
                f"{paths[short]}: lacks {count} of {paths[full]}, e.g. {lacking[0]}; the same examples expected in both"
            )


def _same_values(
    paths: Sequence[Path],
    one: Predictions,
    column: str,
    before: npt.NDArray[Any],
    after: npt.NDArray[Any],
    names: Texts | None,
) -> None:
    differs = np.flatnonzero(before != after)
    if len(differs):
        place = differs[0]
        example = _said(one.example_names, place) if one.example_names else str(one.population.example_id[place])
        raise InputError(
            f"{paths[1]}: column {column} differs from {paths[0]} for {len(differs):,} of {len(before):,} examples,"
            f" e.g. {example} ({_said(names, after[place])} and {_said(names, before[place])})"
        )
