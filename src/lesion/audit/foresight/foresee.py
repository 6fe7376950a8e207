"""Rank examples, classes and groups by their risk, and say how many answers to expect to flip."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.foresight.perturbations import PERTURBATIONS, Perturbation, Span, span
from lesion.audit.inference.foresight import Ranking
from lesion.audit.inference.foresight_flips import fitted_size, flip_chance
from lesion.audit.inference.foresight_scores import lead
from lesion.audit.inference.intervals import DEVIATIONS
from lesion.audit.inference.pairs import wilson
from lesion.audit.statistics.foresight import AGREEMENT, MARGIN, TENTH, weights
from lesion.errors import InputError

ALL, CLASS, ANSWER, ANSWERS = "all", "class", "answer", "answers"
NOTHING = (
    "one model without confidence tells nothing of its risk; a column confidence, probabilities of all classes, or the"
    " answers of several models expected"
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Foreseen:
    """What the dense models alone say.

    Attributes
    ----------
    examples : a row an example, that of the highest risk first: rank, example_id, label, right (the share of members),
        answer (the leading one), confidence (mean over members), agreement (share of members that give it), margin; and
        of each kind of compression `chance_<kind>`, the chance that the answer of one model flips
    parts : a row for all examples, each class (or, without labels, each answer), each group, and right and wrong
        answers, those of the highest risk first: attribute, group, examples; riskiest, how many of these are among the
        tenth of all at highest risk, its share with a 95 % interval; of each kind `flips_<kind>`, the flips expected of
        one model, `_low` and `_high`
    expected : a row a kind of compression: kind, what; size, size_low and size_high in nats; flips,
        low and high; measured_on, the models that the sizes are of
    models : how many dense models there are
    """

    examples: pd.DataFrame
    parts: pd.DataFrame
    expected: pd.DataFrame
    models: int

    def _repr_html_(self) -> str:
        return str(self.expected.to_html(index=False, float_format="{:.3g}".format))


@dataclass(frozen=True)
class _Kind:
    """A kind of compression: sizes, and the chance that an answer flips at the smallest, typical and largest one."""

    kind: Perturbation
    sizes: Span
    low: Floats
    typical: Floats
    high: Floats


def foresee_comparison(
    comparison: Comparison, *, groups: Mapping[str, npt.NDArray[Any]] | None = None, source: object = "foresee"
) -> Foreseen:
    """What the dense side of a comparison says; the other side is not read.

    Parameters
    ----------
    groups : name of an attribute → its values (examples,); None: all that are known
    source : what errors call the predictions

    Raises
    ------
    InputError
        Where a single model gives no confidence.
    """
    dense, weight = comparison.dense, weights(comparison.dense)
    if not weight:
        raise InputError(f"{source}: {NOTHING}")
    score = next(iter(weight))
    answer, margin = lead(dense.prediction, weight[score])
    kinds = list(_kinds(comparison, weight[MARGIN])) if score == MARGIN else []
    examples = _examples(comparison, answer, margin, kinds).sort_values("margin", kind="stable", ignore_index=True)
    examples.insert(0, "rank", np.arange(1, len(examples) + 1))
    among = Ranking(-margin).highest(TENTH)[0]
    divisions = _divisions(comparison, answer, comparison.groups if groups is None else groups)
    whole, *parts = (_part(*part, among, kinds) for part in divisions)
    ranked = pd.concat(parts).sort_values("share", ascending=False, kind="stable") if parts else whole.head(0)
    return Foreseen(examples, pd.concat([whole, ranked], ignore_index=True), _expected(kinds), len(dense.member))


def _kinds(comparison: Comparison, margin: Floats) -> Iterator[_Kind]:
    """The kinds of compression, with what members tell of another seed."""
    seeds, median = _size_of_seeds(comparison.dense.prediction, margin), float(np.median(margin))
    for kind in PERTURBATIONS:
        sizes = span(kind, median=median, seeds=seeds)
        yield _Kind(kind, sizes, *(flip_chance(margin, size).mean(axis=0) for size in sizes))


def _size_of_seeds(prediction: Integers, margin: Floats) -> float | None:
    """The size that gives as many flips as there are between two members; None for one, or members that agree."""
    members = len(prediction)
    if members == 1:
        return None
    apart = sum(int((prediction[one] != prediction[one + 1 :]).sum()) for one in range(members - 1))
    size = fitted_size(margin, apart / (members * (members - 1) / 2) * members)
    return None if np.isnan(size) else size


def _examples(comparison: Comparison, answer: Integers, margin: Floats, kinds: list[_Kind]) -> pd.DataFrame:
    dense, said = comparison.dense, {"example_id": comparison.example_id}
    if comparison.label is not None:
        said |= {"label": comparison.called(comparison.label), "right": dense.correct.mean(axis=0)}
    said["answer"] = comparison.called(answer)
    if dense.confidence is not None:
        said["confidence"] = dense.confidence.mean(axis=0, dtype=np.float64)
    if len(dense.member) > 1:
        said[AGREEMENT] = (dense.prediction == answer).mean(axis=0)
    return pd.DataFrame(said | {"margin": margin} | {f"chance_{one.kind.name}": one.typical for one in kinds})


def _divisions(
    comparison: Comparison, answer: Integers, of_groups: Mapping[str, npt.NDArray[Any]]
) -> Iterator[tuple[str, npt.NDArray[Any], Integers]]:
    """Attribute, its groups, and the group of each example."""
    yield ALL, np.array([ALL], dtype=object), np.zeros(len(answer), dtype=np.int64)
    if comparison.label is None:
        given, place = np.unique(answer, return_inverse=True)
        yield ANSWER, comparison.named(given), place
    elif comparison.comparable_classes:
        yield CLASS, comparison.named(comparison.present), comparison.stratum
    if comparison.label is not None:
        right, place = np.unique(answer == comparison.label, return_inverse=True)
        yield ANSWERS, np.array(["wrong", "right"], dtype=object)[right.astype(int)], place
    for name, values in of_groups.items():
        groups, place = np.unique(values, return_inverse=True)
        yield f"{name} (attribute)" if name in (ALL, CLASS, ANSWER, ANSWERS) else name, groups, place


def _part(attribute: str, names: npt.NDArray[Any], place: Integers, among: Floats, kinds: list[_Kind]) -> pd.DataFrame:
    examples = np.bincount(place, minlength=len(names))
    riskiest = np.bincount(place, weights=among, minlength=len(names))
    low, high = wilson(riskiest, examples)
    found = {"attribute": attribute, "group": names, "examples": examples, "riskiest": riskiest}
    found |= {"share": riskiest / examples, "share_low": low, "share_high": high}
    for one in kinds:
        flips = _flips(one, place, len(names))
        found |= {
            f"flips_{one.kind.name}{end}": values for end, values in zip(("", "_low", "_high"), flips, strict=True)
        }
    return pd.DataFrame(found)


def _flips(one: _Kind, place: Integers, parts: int) -> tuple[Floats, Floats, Floats]:
    """Flips expected in each part: of the typical size; of the smallest and the largest, with what chance adds."""

    def summed(chance: Floats, side: int) -> Floats:
        mean, variance = (
            np.bincount(place, weights=values, minlength=parts) for values in (chance, chance * (1 - chance))
        )
        return np.asarray(np.maximum(mean + side * DEVIATIONS * np.sqrt(variance), 0))

    return summed(one.typical, 0), summed(one.low, -1), summed(one.high, 1)


def _expected(kinds: list[_Kind]) -> pd.DataFrame:
    rows = []
    for one in kinds:
        middle, low, high = (float(values[0]) for values in _flips(one, np.zeros(len(one.low), dtype=np.int64), 1))
        sizes = dict(zip(("size_low", "size", "size_high"), one.sizes, strict=True))
        rows.append({"kind": one.kind.name, "what": one.kind.what, **sizes, "flips": middle, "low": low, "high": high,
                     "measured_on": one.kind.measured})  # fmt: skip
    names = ["kind", "what", "size_low", "size", "size_high", "flips", "low", "high", "measured_on"]
    return pd.DataFrame(rows, columns=names)
