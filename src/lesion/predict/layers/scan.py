"""What each layer forgets: compressed alone, and restored alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import torch
from torch import nn

from lesion.params.recipe import Evaluation
from lesion.predict.layers.counts import Changed, changed
from lesion.predict.layers.graft import Layer
from lesion.predict.layers.one_at_a_time import Exchanges, Predictions, joined
from lesion.predict.layers.output_error import OutputErrors
from lesion.predict.layers.shown import Shown


@dataclass(frozen=True, eq=False)
class Pair:
    """One member before and after compression, both in evaluation mode."""

    parent: nn.Module
    compressed: nn.Module


@dataclass(frozen=True, eq=False)
class Judge:
    """Compares predictions of members with those of their parents, over all members together.

    Attributes
    ----------
    label : int64 (n,)
    parents : predictions of each member's parent
    """

    label: Predictions
    parents: Sequence[Predictions]
    classes: int

    def __call__(self, predictions: Sequence[Predictions]) -> Changed:
        """What changes, summed over members; `predictions`: of each member."""
        found = (
            changed(self.label, before, after, self.classes)
            for before, after in zip(self.parents, predictions, strict=True)
        )
        return reduce(add, found)


@dataclass(frozen=True, eq=False)
class Scan:
    """What was found of each layer.

    Attributes
    ----------
    judge : knows what the parents say
    compressed : what changes where all layers are compressed
    alone : where this layer alone is compressed
    without : where all layers but this one are compressed
    error : relative error of the layer's output, mean over members (`output_error`)
    """

    judge: Judge
    compressed: Changed
    alone: Mapping[Layer, Changed]
    without: Mapping[Layer, Changed]
    error: Mapping[Layer, float]


def scan(
    pairs: Sequence[Pair],
    layers: Sequence[Layer],
    shown: Shown,
    evaluation: Evaluation,
    device: torch.device,
    advance: Callable[[], None] = lambda: None,
) -> Scan:
    """Run every member with each layer compressed alone, and with each layer restored alone.

    advance : is called after each batch
    """
    compressing = [Exchanges(pair.parent, pair.compressed, layers, evaluation) for pair in pairs]
    restoring = [Exchanges(pair.compressed, pair.parent, layers, evaluation) for pair in pairs]
    errors = [OutputErrors(pair.parent, layers) for pair in pairs]
    batches: list[list[list[Predictions]]] = [[] for _ in range(2 * len(pairs))]
    for inputs in shown.batches(evaluation, device):
        for place, (member, error) in enumerate(zip(compressing, errors, strict=True)):
            batches[place].append(member.answers(inputs, error.watch))
        for place, member in enumerate(restoring, len(pairs)):
            batches[place].append(member.answers(inputs))
        advance()
    said = [joined(of_member) for of_member in batches]
    alone, without = said[: len(pairs)], said[len(pairs) :]
    judge = Judge(shown.label, [of_member[0] for of_member in alone], len(shown.split.class_names))
    return Scan(
        judge=judge,
        compressed=judge([of_member[0] for of_member in without]),
        alone={layer: judge([found[place] for found in alone]) for place, layer in enumerate(layers, 1)},
        without={layer: judge([found[place] for found in without]) for place, layer in enumerate(layers, 1)},
        error={layer: float(np.mean([error.relative(layer) for error in errors])) for layer in layers},
    )
