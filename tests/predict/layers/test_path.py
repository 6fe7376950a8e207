import itertools

import numpy as np
import pytest
import torch

from lesion.predict.layers.counts import Changed, changed
from lesion.predict.layers.graft import Layer
from lesion.predict.layers.path import LONGEST, Point, path, suggested
from lesion.predict.layers.scan import scan
from tests.predict.layers.cases import CPU, by_brute_force, evaluation, layers_of, pair, shown
from tests.predict.layers.networks import residual


def test_points_are_what_brute_force_gives_and_each_step_brings_answers_back() -> None:
    of, seen = pair(residual, steps=2.0), shown(80)
    layers = layers_of(of)
    cost = {layer: 4.0 * layer.weights for layer in layers}
    found = scan([of], layers, seen, evaluation(), CPU)
    before = {name: value.clone() for name, value in of.compressed.state_dict().items()}
    points = path([of], found, cost, seen, evaluation(), CPU)
    assert 1 < len(points) <= LONGEST + 1
    own = by_brute_force(of, [], seen)
    for point in points:
        said = by_brute_force(of, [layer for layer in layers if layer not in point.kept], seen)
        assert (point.changed.broken, point.changed.fixed) == counts(changed(seen.label, own, said, 5))
        assert point.bytes == sum(cost[layer] for layer in point.kept)
        assert len(set(point.kept)) == len(point.kept)
    for one, following in itertools.pairwise(points):
        assert following.kept[:-1] == one.kept
        assert following.changed.broken < one.changed.broken
    after = of.compressed.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)  # nothing stays exchanged


def counts(found: Changed) -> tuple[int, int]:
    return found.broken, found.fixed


def test_the_first_step_is_the_best_layer_for_its_bytes() -> None:
    of, seen = pair(residual, steps=2.0), shown(80)
    layers = layers_of(of)
    found = scan([of], layers, seen, evaluation(), CPU)
    back = {layer: found.compressed.broken - found.without[layer].broken for layer in layers}
    for cost in (dict.fromkeys(layers, 1.0), {layer: 4.0 * layer.weights for layer in layers}):
        first = path([of], found, cost, seen, evaluation(), CPU)[1].kept[0]
        assert back[first] / cost[first] == max(back[layer] / cost[layer] for layer in layers)


def point(broken: int, spent: float) -> Point:
    return Point(
        tuple(Layer(str(broken), (), (), 1) for _ in range(int(spent > 0))),
        spent,
        Changed(broken, 0, 0, np.zeros(2, np.int64)),
    )


@pytest.mark.parametrize(
    ("points", "saved", "expected"),
    [
        ([point(20, 0), point(10, 5), point(9, 50), point(0, 95)], 100.0, 1),
        ([point(20, 0), point(10, 5), point(1, 15), point(0, 95)], 100.0, 2),
        ([point(20, 0), point(19, 50)], 100.0, 0),  # a twentieth of the answers for half of the bytes
        ([point(0, 0)], 100.0, 0),
        ([point(20, 0), point(10, 5), point(9, 50)], 0.0, 2),  # no byte is saved, so none is spent
    ],
)
def test_the_knee_of_the_path_is_suggested(points: list[Point], saved: float, expected: int) -> None:
    assert suggested(points, saved) == expected
