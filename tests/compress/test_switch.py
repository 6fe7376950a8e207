"""The Switch layer: routing, balance and capacity against loops."""

from math import ceil
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lesion.compress.runtime.experts import Switch, balance, route
from lesion.errors import InputError
from tests.compress.choosing import IMAGES, SWITCH, cnn, perceptron, resnet, restored, restorer
from tests.training import method_of, train


def routed(images: int = 40, experts: int = 4, capacity: int | None = None, seed: int = 0) -> Any:
    return route(torch.randn(images, experts, generator=torch.Generator().manual_seed(seed)), capacity)


def test_the_loss_of_balance_is_that_of_a_loop() -> None:
    routing = routed()
    probability, images = routing.probability.double().numpy(), 40
    expected = 0.0
    for expert in range(4):
        share = sum(probability[image].argmax() == expert for image in range(images)) / images
        expected += 4 * share * probability[:, expert].sum() / images
    assert balance(routing).item() == pytest.approx(expected, rel=1e-5)
    even = route(10 * torch.eye(4).repeat(3, 1), None)
    assert balance(even).item() == pytest.approx(1, rel=1e-5)
    assert balance(route(torch.tensor([[9.0, 0.0]]).repeat(6, 1), None)).item() == pytest.approx(2, rel=1e-3)


@pytest.mark.parametrize("capacity", [1, 3, 9, 40])
def test_an_expert_takes_its_first_images_up_to_its_capacity(capacity: int) -> None:
    routing, taken = routed(capacity=capacity), [0] * 4
    for image, expert in enumerate(routing.expert.tolist()):
        assert bool(routing.taken[image]) == (taken[expert] < capacity)
        taken[expert] += 1
    assert routed().taken.all()


@pytest.mark.parametrize("training", [False, True])
def test_each_image_gets_its_expert_times_its_probability_or_zero(training: bool) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(2, 3, 3, stride=2)
    switch = Switch(layer, experts=3, capacity=1.0).train(training)
    nn.init.normal_(switch.router.weight, std=3)
    x = torch.randn(10, 2, 7, 7)
    found, kept = switch(x), [0, 0, 0]
    for image in range(10):
        p = torch.softmax(switch.router.weight @ x[image].mean(dim=(1, 2)), 0)
        expert = int(p.argmax())
        kept[expert] += 1
        room = not training or kept[expert] <= ceil(10 / 3)
        expected = p[expert] * switch.experts[expert](x[image : image + 1])[0] if room else torch.zeros(3, 3, 3)
        torch.testing.assert_close(found[image], expected, rtol=1e-4, atol=1e-5)
    assert max(kept) > ceil(10 / 3)  # there is overflow


def test_experts_see_their_images_alone() -> None:
    network: Any = restored(cnn, SWITCH)
    seen: dict[int, torch.Tensor] = {}
    inputs: list[torch.Tensor] = []
    network[3].register_forward_pre_hook(lambda _, x: inputs.append(x[0]))
    for place, expert in enumerate(network[3].experts):
        expert.register_forward_pre_hook(lambda _, x, place=place: seen.setdefault(place, x[0]))
    with torch.no_grad():
        network(IMAGES)
    chosen = network[3].routing.expert
    assert len(chosen.unique()) > 1
    for place in range(3):
        mine = inputs[0][chosen == place]
        assert torch.equal(seen[place], mine) if len(mine) else place not in seen


def test_an_image_is_answered_alike_whatever_stands_beside_it() -> None:
    network = restored(resnet, SWITCH)
    with torch.no_grad():
        together, alone = network(IMAGES), torch.cat([network(IMAGES[i : i + 1]) for i in range(len(IMAGES))])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_it_replaces_the_last_hidden_layer_or_the_one_that_is_named() -> None:
    def switched(build: Any, **more: Any) -> list[str]:
        network = build()
        method_of(network, SWITCH | more)
        return [name for name, module in network.named_modules() if isinstance(module, Switch)]

    assert switched(cnn) == ["3"]
    assert switched(resnet) == ["stage3.0.conv2"]
    assert switched(cnn, layer="0") == ["0"]
    with pytest.raises(InputError, match=r"^switch: 1 is no convolution and no linear layer"):
        switched(cnn, layer="1")
    with pytest.raises(InputError, match=r"^switch: this network has no hidden"):
        switched(lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 4)))


def test_a_network_for_features_has_experts_of_linear_layers() -> None:
    network, rows = perceptron(), torch.randn(6, 7, generator=torch.Generator().manual_seed(0))
    restore = restorer(lambda: network, SWITCH, rows[:1])
    assert isinstance(network.get_submodule("2"), Switch)
    with torch.no_grad():
        assert restore(network.state_dict())(rows).shape == (6, 4)


def test_an_expert_without_images_trains_on() -> None:
    network: Any = cnn()
    method = method_of(network, SWITCH)
    nn.init.zeros_(network[3].router.weight)  # all images go to the first
    train(network, method)
    assert all(np.isfinite(value.numpy()).all() for value in network.state_dict().values())
