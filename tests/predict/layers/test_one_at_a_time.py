import logging
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from lesion.errors import InputError
from lesion.predict.layers.one_at_a_time import Exchanges, joined
from tests.predict.layers.cases import CPU, by_brute_force, evaluation, layers_of, pair, shown
from tests.predict.layers.networks import Attention, Stateful, Tangled, images, inception, residual


@pytest.mark.parametrize("make", [residual, inception, Attention])
def test_predictions_are_those_of_networks_that_are_put_together_by_hand(make: Callable[[], nn.Module]) -> None:
    of, seen = pair(make), shown()
    layers = layers_of(of)
    for network, other, alone in ((of.parent, of.compressed, True), (of.compressed, of.parent, False)):
        exchanges = Exchanges(network, other, layers, evaluation())
        own, *each = joined(exchanges.answers(inputs) for inputs in seen.batches(evaluation(), CPU))
        np.testing.assert_array_equal(own, by_brute_force(of, [] if alone else layers, seen))
        for layer, found in zip(layers, each, strict=True):
            compressed = [layer] if alone else [one for one in layers if one != layer]
            np.testing.assert_array_equal(found, by_brute_force(of, compressed, seen))


def test_a_network_that_defeats_the_cache_is_computed_in_full_and_this_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    of, seen = pair(Stateful), shown(20)
    layers = layers_of(of)
    exchanges = Exchanges(of.parent, of.compressed, layers, evaluation(8))
    with caplog.at_level(logging.WARNING):
        _, *each = joined(exchanges.answers(inputs) for inputs in seen.batches(evaluation(8), CPU))
    for layer, found in zip(layers, each, strict=True):
        of.parent.first.told.clear()  # type: ignore[union-attr,operator]
        np.testing.assert_array_equal(found, by_brute_force(of, [layer], seen))
    assert caplog.messages == [
        "layers: outputs of this network cannot be reused, so all of it is computed for each layer"
    ]


def test_the_cache_serves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    for make in (residual, inception, Tangled, Attention):
        of = pair(make)
        with caplog.at_level(logging.WARNING):
            Exchanges(of.parent, of.compressed, layers_of(of), evaluation()).answers(images(3))
    assert not caplog.messages


def test_a_layer_with_which_logits_are_not_finite_is_named() -> None:
    of = pair(residual)
    layers = layers_of(of)
    with torch.no_grad():
        of.compressed.get_submodule("3.1.1.conv2").weight.fill_(torch.inf)  # type: ignore[operator]
    with pytest.raises(InputError, match=r"^layers: a logit is not finite \(layer exchanged: 3\.1\.1\.conv2\)$"):
        Exchanges(of.parent, of.compressed, layers, evaluation()).answers(images(2))
