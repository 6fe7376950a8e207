"""A map from the names of tensors in a checkpoint to those in a network: a CSV file that people check.

It has the columns `checkpoint` and `network`. Where the second is empty, the tensor is left out.
"""

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Literal

from torch import Tensor

from lesion.errors import InputError

COLUMNS = ["checkpoint", "network"]
COUNTER = "num_batches_tracked"  # which some checkpoints lack
LEAVES = {"weight", "bias", "running_mean", "running_var"}
"""Last parts of names that mean the same in all projects."""


def read_names(file: Path) -> dict[str, str]:
    """Name in the checkpoint -> name in the network, empty for a tensor that is left out.

    Raises
    ------
    InputError
        If the file is missing or no such table, or a name is there twice.
    """
    try:
        rows = list(csv.reader(StringIO(file.read_text(encoding="utf-8-sig"))))
    except FileNotFoundError:
        raise InputError(f"{file}: the map of names is missing") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: not a readable CSV file ({error})") from None
    if not rows or rows[0] != COLUMNS:
        raise InputError(f"{file}: the columns {' and '.join(COLUMNS)} are expected in the first line")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(COLUMNS) or not row[0]:
            raise InputError(f"{file}: line {number}: two names are expected, separated by a comma")
    pairs = [(row[0], row[1]) for row in rows[1:]]
    for names in zip(*pairs, strict=True):
        name, count = Counter(filter(None, names)).most_common(1)[0] if any(names) else ("", 1)
        if count > 1:
            raise InputError(f"{file}: the name {name} is in {count} lines")
    return dict(pairs)


def renamed(tensors: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """The same tensors by their names in the network; those that `names` lacks keep their own.

    Raises
    ------
    InputError
        Names the first tensor of the map that the checkpoint lacks.
    """
    if missing := [name for name in names if name not in tensors]:
        raise InputError(f"checkpoint: has no tensor {missing[0]}, which the map of names has")
    return {names.get(name, name): tensor for name, tensor in tensors.items() if names.get(name, name)}


By = Literal["name", "shape", "order"]


@dataclass(frozen=True)
class Match:
    """A tensor of a checkpoint and the one of the network that stands in its place.

    `by`: the `name` is the same, the `shape` is that of no other tensor, or the `order` alone says so.
    """

    checkpoint: str
    network: str
    by: By


def line_up(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[Match]:
    """Pair the tensors of a checkpoint with those of a network, each in its order, which is that of its layers.

    Counters of batch norms go with the means beside them.

    Raises
    ------
    InputError
        Names the first pair that differs in shape, or of which one is a weight and the other a bias, mean or variance;
        or a tensor that only one of both has.
    """
    theirs, ours = ([name for name in held if _leaf(name) != COUNTER] for held in (tensors, expected))
    for one, other in zip(theirs, ours, strict=False):
        if tensors[one].shape != expected[other].shape or not _alike(_leaf(one), _leaf(other)):
            here, there = (f"{name} {tuple(held[name].shape)}" for name, held in ((one, tensors), (other, expected)))
            raise InputError(f"the order does not line up: {here} of the checkpoint stands in the place of {there}")
    if len(theirs) != len(ours):
        only = [*theirs[len(ours) :], *ours[len(theirs) :]][0]
        raise InputError(f"checkpoint: {len(theirs)} tensors, {len(ours)} expected; {only} is in one of both alone")
    pairs = dict(zip(theirs, ours, strict=True))
    modules = {_module(one): _module(other) for one, other in pairs.items() if _leaf(other) == "running_mean"}
    for name in (name for name in tensors if _leaf(name) == COUNTER and _module(name) in modules):
        pairs[name] = modules[_module(name)] + COUNTER
    kinds = Counter((_leaf(name), expected[name].shape) for name in ours)
    alone = {name for name in ours if kinds[_leaf(name), expected[name].shape] == 1}
    return [
        Match(name, pairs[name], "name" if name == pairs[name] else "shape" if pairs[name] in alone else "order")
        for name in tensors
        if name in pairs
    ]


def map_text(matches: Iterable[Match]) -> str:
    """The content of a map's file."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *((match.checkpoint, match.network) for match in matches)])
    return text.getvalue()


def told(matches: Collection[Match]) -> str:
    """How sure a map is, in words."""
    counts = Counter(match.by for match in matches)
    words: dict[By, str] = {
        "name": "have the same name",
        "shape": "are the only ones of their shape",
        "order": "go by their order alone",
    }
    parts = [f"{counts[by]} {said}" for by, said in words.items() if counts[by]]
    first = next((match for match in matches if match.by == "order"), None)
    check = f"; check these, e.g. {first.checkpoint} to {first.network}" if first else ""
    return f"{len(matches)} tensors, of which {', '.join(parts)}{check}"


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _module(name: str) -> str:
    return name.removesuffix(_leaf(name))


def _alike(one: str, other: str) -> bool:
    return one == other or not {one, other} <= LEAVES
