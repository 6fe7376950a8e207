"""Which layers to leave alone: a path along which one layer after another is kept as it was.

Greedy: each step keeps the layer that brings back most broken answers for its bytes, given those that are kept already.
What a layer brings back depends on the others, so at each step the candidates that look best by what they brought back
when they were last tried are tried anew (lazy evaluation, as in Minoux's accelerated greedy algorithm, 1978; gains here
may grow, too, so the best may be missed).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch

from lesion.params.recipe import Evaluation
from lesion.predict.layers.counts import Changed
from lesion.predict.layers.graft import Layer, exchanged
from lesion.predict.layers.one_at_a_time import Exchanges, joined
from lesion.predict.layers.scan import Pair, Scan
from lesion.predict.layers.shown import Shown

TRIED = 3
"""Candidates that are tried at each step."""

LONGEST = 8
"""Layers that a path keeps at most: the list is for people."""


@dataclass(frozen=True, eq=False)
class Point:
    """A point of the path.

    Attributes
    ----------
    kept : the layers that stay as they were, in the order in which they were chosen
    bytes : how many more bytes than with all layers compressed
    changed : what changes from the parents, over all members
    """

    kept: tuple[Layer, ...]
    bytes: float
    changed: Changed


def path(
    pairs: Sequence[Pair],
    scan: Scan,
    cost: Mapping[Layer, float],
    shown: Shown,
    evaluation: Evaluation,
    device: torch.device,
    advance: Callable[[], None] = lambda: None,
) -> list[Point]:
    """The points of the path, from no layer kept on, until no layer that is tried brings an answer back.

    Parameters
    ----------
    scan : what the layers brought back by themselves, on the same images
    cost : bytes that keeping each layer takes; one that takes none counts as one byte
    advance : is called after each step
    """
    points = [Point((), 0.0, scan.compressed)]
    back = {layer: scan.compressed.broken - changed.broken for layer, changed in scan.without.items()}
    worth = {layer: max(cost[layer], 1.0) for layer in back}
    with ExitStack() as kept:
        while len(points) <= LONGEST and len(back) > 1:  # a method refuses to keep all
            hopeful = [layer for layer in back if back[layer] > 0]
            tried = sorted(hopeful, key=lambda layer: -back[layer] / worth[layer])[:TRIED]
            if not tried:
                break
            found = _tried(pairs, tried, scan, shown, evaluation, device)
            back |= {layer: points[-1].changed.broken - changed.broken for layer, changed in found.items()}
            best = max(tried, key=lambda layer: back[layer] / worth[layer])
            if back[best] <= 0:
                continue  # none of them is hopeful any more
            del back[best]
            for pair in pairs:
                kept.enter_context(exchanged(pair.compressed, _own(pair, best)))
            points.append(Point((*points[-1].kept, best), points[-1].bytes + cost[best], found[best]))
            advance()
    return points


def _own(pair: Pair, layer: Layer) -> dict[str, torch.nn.Module]:
    return {path: pair.parent.get_submodule(path) for path in layer.paths}


def _tried(
    pairs: Sequence[Pair],
    layers: Sequence[Layer],
    scan: Scan,
    shown: Shown,
    evaluation: Evaluation,
    device: torch.device,
) -> dict[Layer, Changed]:
    """What changes with each of the layers kept beside those that are kept."""
    members = [Exchanges(pair.compressed, pair.parent, layers, evaluation) for pair in pairs]
    batches: list[list[list[np.ndarray[tuple[int], np.dtype[np.int64]]]]] = [[] for _ in pairs]
    for inputs in shown.batches(evaluation, device):
        for place, member in enumerate(members):
            batches[place].append(member.answers(inputs))
    said = [joined(of_member) for of_member in batches]
    return {layer: scan.judge([found[place] for found in said]) for place, layer in enumerate(layers, 1)}


def suggested(points: Sequence[Point], saved: float) -> int:
    """The point that is suggested: where the share of answers back is furthest above the share of bytes spent.

    That is the knee of the curve from nothing kept (no answer back, no byte spent) to all kept (all back, all spent).

    Parameters
    ----------
    saved : bytes that compressing all layers saves
    """
    broken = points[0].changed.broken
    if not broken:
        return 0
    above = [(broken - point.changed.broken) / broken - (point.bytes / saved if saved > 0 else 0.0) for point in points]
    return int(np.argmax(above))
