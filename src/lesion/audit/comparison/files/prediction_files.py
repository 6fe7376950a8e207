"""Two files of predictions made one comparison: the same examples, the same numbers for the same classes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.files.columns import as_texts, compact, recoding
from lesion.audit.comparison.files.graded import class_names, graded, marked, texts_of_first
from lesion.audit.comparison.files.predictions import Attributes, Predictions, Texts
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
    cluster: npt.NDArray[np.object_] | None
    left_out: Texts
    graded: bool = False
    answers: tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]] | None = None
    text: npt.NDArray[np.object_] | None = None
    called: npt.NDArray[np.object_] | None = None


def fitted(one: Predictions, other: Predictions, *, paths: Sequence[Path]) -> PredictionFiles:
    """Fit together what two files hold. Labels, attributes and clusters may be in one of them only.

    Parameters
    ----------
    paths : name the files in errors

    Raises
    ------
    InputError
        Where the files hold other examples, or say other things of them, or one names its classes or examples and the
        other numbers them.
    """
    _same_examples(paths, one, other)
    if is_graded := one.correct is not None or other.correct is not None:
        one, other = _texts(marked(paths[0], paths[1], one)), _texts(marked(paths[1], paths[0], other))
    populations, names = _same_classes(paths, one, other)
    answers = _answers(populations, names) if one.answered and other.answered else None
    if is_graded:
        populations, names = _graded(populations, one, other)
    labels = [population.label for population in populations]
    if labels[0] is not None and labels[1] is not None:
        _same_values(paths, one, "label", labels[0], labels[1], names)
    for name in one.attributes.keys() & other.attributes.keys():
        _same_values(paths, one, name, one.attributes[name], other.attributes[name], None)
    cluster = other.cluster if one.cluster is None else one.cluster
    if one.cluster is not None and other.cluster is not None:
        _same_values(paths, one, "cluster", one.cluster, other.cluster, None)
    label = labels[1] if labels[0] is None else labels[0]
    both = [replace(population, label=label) for population in populations]
    left_out = tuple(dict.fromkeys((*one.left_out, *other.left_out)))
    attributes = {name: text for name, text in {**other.attributes, **one.attributes}.items() if name not in left_out}
    return PredictionFiles(
        both[0],
        both[1],
        names,
        one.example_names,
        attributes,
        cluster,
        left_out,
        graded=is_graded,
        answers=answers if is_graded else None,
        text=other.text if one.text is None else one.text,
        called=_called(one, other),
    )


def _texts(read: Predictions) -> Predictions:
    """The same with names for its classes: graded answers are texts, whatever they look like."""
    if read.class_names is not None:
        return read
    population, names = _named(read.population)
    return replace(read, population=population, class_names=names)


def _answers(
    populations: Sequence[Population], names: Texts | None
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    dense, compressed = (texts_of_first(population, names) for population in populations)
    return dense, compressed


def _graded(populations: Sequence[Population], one: Predictions, other: Predictions) -> tuple[list[Population], Texts]:
    """Both populations in the classes right, wrong, …; where a side tells no answers, all wrong ones are the same."""
    assert one.correct is not None
    assert other.correct is not None
    if not (one.answered and other.answered):
        populations = [
            replace(population, prediction=np.zeros_like(population.prediction)) for population in populations
        ]
    found = graded(populations, (one.correct, other.correct))
    return found, class_names(found)


def _called(one: Predictions, other: Predictions) -> npt.NDArray[np.object_] | None:
    """What people call the examples, where both files say the same and each name is there once."""
    if one.called is None or other.called is None or len(set(one.called)) < len(one.called):
        return None
    return one.called if np.array_equal(one.called, other.called) else None


def _same_classes(paths: Sequence[Path], one: Predictions, other: Predictions) -> tuple[list[Population], Texts | None]:
    """Both populations in the same numbers for the same classes, and the names of these."""
    given = [(said.population, said.class_names) for said in (one, other)]
    if one.class_names is None and other.class_names is None:
        return [population for population, _ in given], None
    named = [_named(population) if names is None else (population, names) for population, names in given]
    if (one.class_names is None or other.class_names is None) and not set(named[0][1]) & set(named[1][1]):
        _refuse_numbers(paths, "classes", one.class_names, other.class_names)
    union = tuple(sorted({*named[0][1], *named[1][1]}))
    return [_renamed(population, names, union) for population, names in named], union


def _named(population: Population) -> tuple[Population, Texts]:
    """The classes of a population by names that are their digits: where the other file has names, 7 is one of them."""
    label = [] if population.label is None else [population.label]
    (prediction, *label), names = as_texts([population.prediction, *label])
    return replace(population, prediction=prediction, label=label[0] if label else None), names


def _refuse_numbers(paths: Sequence[Path], what: str, one: Texts | None, other: Texts | None) -> NoReturn:
    number, text = (paths[0], paths[1]) if one is None else (paths[1], paths[0])
    name = (one or other or ("",))[0]
    raise InputError(f"{number}: {what} are integers, in {text} names, such as {name}; the same expected in both")


def _renamed(population: Population, names: Texts, among: Texts) -> Population:
    place = compact(recoding(names, among))
    label = None if population.label is None else place[population.label]
    return replace(population, prediction=place[population.prediction], label=label)


def _said(names: Texts | None, value: object) -> str:
    return names[int(str(value))] if names is not None else str(value)


def _same_examples(paths: Sequence[Path], one: Predictions, other: Predictions) -> None:
    ids: list[Sequence[Any]] = [said.example_names or said.population.example_id.tolist() for said in (one, other)]
    if ids[0] == ids[1]:
        return
    if (one.example_names is None) != (other.example_names is None):
        ids = [[str(example) for example in examples] for examples in ids]
        if not set(ids[0]) & set(ids[1]):
            _refuse_numbers(paths, "example ids", one.example_names, other.example_names)
    if one.example_names is None and other.example_names is None:
        _refuse_shift(paths, one.population.example_id, other.population.example_id)
    for full, short in ((0, 1), (1, 0)):
        if lacking := sorted(set(ids[full]) - set(ids[short])):
            count = f"{len(lacking):,} of the {len(ids[full]):,} examples"
            said = (one, other)[full].called
            first = lacking[0] if said is None else said[list(ids[full]).index(lacking[0])]
            raise InputError(
                f"{paths[short]}: lacks {count} of {paths[full]}, e.g. {first}; the same examples expected in both"
            )


def _refuse_shift(paths: Sequence[Path], before: npt.NDArray[Any], after: npt.NDArray[Any]) -> None:
    for step, what in ((1, "plus"), (-1, "less")):
        if is_shifted(before, after, step):
            ids = f"{after[0]} to {after[-1]} and {before[0]} to {before[-1]}"
            raise InputError(
                f"{paths[1]}: its example ids are those of {paths[0]} {what} one ({ids}); the same expected in both"
            )


def is_shifted(before: npt.NDArray[np.integer], after: npt.NDArray[np.integer], step: int) -> bool:
    """Whether ids, ascending, are those before plus a step."""
    return len(before) == len(after) and bool((after == before + step).all())


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
