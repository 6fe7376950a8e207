from copy import deepcopy

import numpy as np
import pytest
import torch

from lesion.predict.layers.counts import changed
from lesion.predict.layers.graft import exchanged
from lesion.predict.layers.output_error import OutputErrors
from lesion.predict.layers.scan import scan
from tests.predict.layers.cases import CPU, by_brute_force, evaluation, layers_of, pair, shown
from tests.predict.layers.networks import Tangled, images, residual


def test_changes_are_counted_by_hand() -> None:
    label = np.array([0, 0, 1, 1, 2, 2, 3])
    before, after = np.array([0, 0, 1, 0, 2, 1, 0]), np.array([0, 1, 0, 1, 1, 0, 0])
    found = changed(label, before, after, 5)
    assert (found.broken, found.fixed, found.moved) == (3, 1, 1)
    assert found.net_by_class.tolist() == [-1, 0, -1, 0, 0]
    assert found.worst_class == 0
    assert changed(label, before, label, 5).worst_class is None
    both = found + found
    assert (both.broken, both.net_by_class.tolist()) == (6, [-2, 0, -2, 0, 0])


def test_every_layer_is_counted_over_all_members_as_brute_force_does() -> None:
    pairs, seen = [pair(residual, seed) for seed in (0, 1)], shown(50)
    layers = layers_of(pairs[0])
    found = scan(pairs, layers, seen, evaluation(16), CPU)
    parents = [by_brute_force(of, [], seen) for of in pairs]
    for layer in layers:
        for counted, compressed in (
            (found.alone[layer], [layer]),
            (found.without[layer], [one for one in layers if one != layer]),
        ):
            said = [by_brute_force(of, compressed, seen) for of in pairs]
            right = [(own == seen.label, now == seen.label) for own, now in zip(parents, said, strict=True)]
            assert counted.broken == sum(int((was & ~now).sum()) for was, now in right)
            assert counted.fixed == sum(int((now & ~was).sum()) for was, now in right)
            differing = sum(int((own != now).sum()) for own, now in zip(parents, said, strict=True))
            assert counted.moved == differing - counted.broken - counted.fixed
    expected = found.judge([by_brute_force(of, layers, seen) for of in pairs])
    assert (found.compressed.broken, found.compressed.moved) == (expected.broken, expected.moved)
    assert found.compressed.broken > 0  # the case is not empty


def test_the_error_is_that_of_the_layers_output_for_the_same_inputs() -> None:
    of = pair(residual)
    layer = next(layer for layer in layers_of(of) if layer.name == "3.1.1.conv2")
    errors, inputs = OutputErrors(of.parent, [layer]), images(6)
    own = of.parent.get_submodule(layer.name)
    with torch.no_grad(), exchanged(of.parent, {layer.name: of.compressed.get_submodule(layer.name)}):
        for batch in (inputs[:4], inputs[4:]):
            with errors.watch(layer):
                of.parent(batch)
    seen: list[torch.Tensor] = []
    handle = own.register_forward_pre_hook(lambda _, given: seen.append(given[0].clone()))
    with torch.no_grad():
        of.parent(inputs)
        handle.remove()
        y, its = own(seen[0]).double().numpy(), of.compressed.get_submodule(layer.name)(seen[0]).double().numpy()
    assert errors.relative(layer) == pytest.approx(np.linalg.norm(y - its) / np.linalg.norm(y), rel=1e-4)


def test_the_error_of_a_layer_that_runs_twice_is_that_of_the_first_time_and_of_one_that_does_not_run_is_unknown() -> (
    None
):
    of, inputs = pair(Tangled), images(5)
    layers = {layer.name: layer for layer in layers_of(of)}
    errors = OutputErrors(of.parent, list(layers.values()))
    for layer in layers.values():
        modules = {path: of.compressed.get_submodule(path) for path in layer.paths}
        with torch.no_grad(), exchanged(of.parent, modules), errors.watch(layer):
            of.parent(inputs)
    with torch.no_grad():
        given = deepcopy(of.parent.stem)(inputs).relu_()  # type: ignore[operator]
        y, its = of.parent.twice(given), of.compressed.twice(given)  # type: ignore[operator]
    assert errors.relative(layers["twice"]) == pytest.approx(float((y - its).norm() / y.norm()), rel=1e-4)
    assert np.isnan(errors.relative(layers["read"]))
