"""Run-time neural pruning: what the agent decides, what it is taught, and what a layer then computes."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lesion.compress.methods.rnp import Options, exploration_at
from lesion.compress.runtime.agent import Agent, GroupedConvolution, group_of
from lesion.errors import InputError
from tests.compress.choosing import IMAGES, RNP, cnn, resnet, restored
from tests.training import method_of, train


def layers_of(network: nn.Module) -> list[Any]:
    return [module for module in network.modules() if isinstance(module, GroupedConvolution)]


@pytest.mark.parametrize(("channels", "groups"), [(4, 4), (5, 2), (7, 3), (16, 4)])
def test_groups_are_as_even_as_can_be(channels: int, groups: int) -> None:
    found = group_of(channels, groups).tolist()
    assert found == sorted(found)
    sizes = np.bincount(found, minlength=groups)
    assert sizes.max() - sizes.min() <= 1
    assert sizes.min() > 0


def test_the_decision_is_the_action_of_largest_value_by_a_loop() -> None:
    network: Any = restored(resnet, RNP)
    layers = layers_of(network)
    agent = layers[0].agent
    seen: list[np.ndarray] = []
    handles = [
        layer.register_forward_pre_hook(lambda _, x: seen.append(x[0].numpy().astype(np.float64))) for layer in layers
    ]
    with torch.no_grad():
        network(IMAGES)
    for handle in handles:
        handle.remove()
    weights = {name: value.double().numpy() for name, value in agent.state_dict().items()}
    state = None
    for place, (layer, x) in enumerate(zip(layers, seen, strict=True)):
        code = x.mean(axis=(2, 3)) @ weights[f"encoders.{place}.weight"].T + weights[f"encoders.{place}.bias"]
        state = np.tanh(code if state is None else code + state @ weights["recurrent.weight"].T)
        value = state @ weights["decoder.weight"].T + weights["decoder.bias"]
        np.testing.assert_allclose(agent.decisions[place].value, value, rtol=1e-3, atol=1e-4)
        best, second = np.sort(value, axis=1)[:, [-1, -2]].T
        clear = best - second > 1e-3
        assert clear.any()
        expected = group_of(layer.out_channels, 3).numpy() <= value.argmax(axis=1)[:, None]
        np.testing.assert_array_equal(layer.mask.numpy()[clear], expected[clear])


def test_channels_that_are_not_computed_are_zero_after_the_norm() -> None:
    network: Any = restored(cnn, RNP)
    found: list[torch.Tensor] = []
    network[1].register_forward_hook(lambda _, __, output: found.append(output))
    with torch.no_grad():
        network(IMAGES)
    mask = network[0].mask
    assert 0 < mask.float().mean() < 1
    assert (found[0][~mask] == 0).all()
    assert (found[0][mask] != 0).any()


def test_the_loss_is_the_squared_error_of_q_against_its_targets() -> None:
    torch.manual_seed(0)
    agent = Agent([2, 3], hidden=4, groups=3)
    agent.exploration = 0.5
    agent.decide(0, torch.randn(5, 2, 4, 4))
    agent.decide(1, torch.randn(5, 3, 2, 2))
    loss = torch.rand(5)
    found = agent.loss(loss, penalty=0.3, weight=2.0, discount=0.9)
    expected = 0.0
    for image in range(5):
        for place, decision in enumerate(agent.decisions):
            action = int(decision.action[image])
            target = -0.3 * action
            if place == 1:
                target -= 2.0 * float(loss[image])
            else:
                target += 0.9 * agent.decisions[1].value[image].max().item()
            expected += (decision.value[image, action].item() - target) ** 2 / 5
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_the_agent_learns_from_its_loss_alone_and_the_network_from_that_of_its_answers() -> None:
    network: Any = cnn()
    method = method_of(network, RNP)
    label = torch.zeros(9, dtype=torch.int64)
    method.batch_loss(network(IMAGES), label).backward()
    agent = {parameter for parameter, _ in method.learned}
    assert all((parameter.grad is None) == (parameter not in agent) for parameter in network.parameters())
    network.zero_grad()
    nn.functional.cross_entropy(network(IMAGES), label).backward()  # type: ignore[no-untyped-call]
    assert all((parameter.grad is None) == (parameter in agent) for parameter in network.parameters())


def test_exploration_falls_and_random_actions_are_even() -> None:
    options = Options(groups=4, penalty=0.1, learns=0.5, learned=0.75, exploration=0.1)
    assert [exploration_at(options, step, steps=8) for step in range(8)] == pytest.approx(
        [1, 1, 1, 1, 1, 0.55, 0.1, 0.1]
    )
    torch.manual_seed(0)
    agent = Agent([1], hidden=4, groups=4)
    assert np.bincount(agent.decide(0, torch.randn(4000, 1, 2, 2))).tolist() == pytest.approx([1000] * 4, abs=120)


def test_a_large_penalty_teaches_it_to_compute_least() -> None:
    network = cnn()
    train(network, method_of(network, RNP | {"penalty": 3.0, "rate": 1.0, "learns": 0.0, "learned": 0.0}))
    with torch.no_grad():
        network.eval()(IMAGES)
    for layer in layers_of(network):
        assert (layer.mask == (group_of(layer.out_channels, 3) == 0)).all()


def test_layers_of_few_channels_are_computed_whole() -> None:
    network: Any = restored(cnn, RNP | {"groups": 6})
    assert [layer.out_channels for layer in layers_of(network)] == [6]
    with pytest.raises(InputError, match=r"^rnp: no convolution of this network has a batch norm of its own and 7"):
        restored(cnn, RNP | {"groups": 7})
