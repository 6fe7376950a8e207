from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from lesion.compress.masks import prunable
from lesion.predict.layers.cached import CachedNetwork, CacheError, parts
from lesion.predict.layers.graft import exchanged
from tests.predict.layers.networks import NETWORKS, Stateful, flat, images, made, residual, rounded


def layers(network: nn.Module) -> list[str]:
    return [name.rpartition(".")[0] for name, _, attribute in prunable(network) if attribute == "weight"]


@pytest.mark.parametrize("make", [make for make in NETWORKS if make is not Stateful])
def test_with_any_layer_exchanged_it_computes_what_the_plain_network_does(make: Callable[[], nn.Module]) -> None:
    network, other, inputs = made(make), rounded(make), images(4)
    cached, seen = CachedNetwork(network, inputs[:1]), 0
    for batch in (inputs, inputs[:3] * 2):
        with torch.no_grad():
            plain = network(batch)
        with cached.remembering():
            torch.testing.assert_close(cached.record(batch), plain, rtol=1e-5, atol=1e-6)
            for name in layers(network):
                own = network.get_submodule(name)
                first = cached.first_call([own])
                with exchanged(network, {name: other.get_submodule(name)}):
                    found = cached.again(batch, first)
                with exchanged(network, {name: other.get_submodule(name)}), torch.no_grad():
                    expected = fresh(make, network, batch)
                torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
                seen += not torch.equal(found, plain)
            torch.testing.assert_close(cached.again(batch, len(layers(network))), plain, rtol=1e-5, atol=1e-6)
        with torch.no_grad():
            assert torch.equal(network(batch), plain)  # nothing is left behind
    assert seen > len(layers(network))  # the exchanges change something


def fresh(make: Callable[[], nn.Module], network: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """The output of a network of its own with the present weights."""
    copy = made(make)
    copy.load_state_dict(network.state_dict())
    output: torch.Tensor = copy(batch)
    return output


def test_what_runs_before_the_exchanged_layer_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    network, inputs = made(flat), images(2)
    cached, ran = CachedNetwork(network, inputs[:1]), list[str]()
    names = [name for name, module in network.named_modules() if isinstance(module, nn.Conv2d)]
    with cached.remembering():
        cached.record(inputs)
        for name in names:
            part: Any = network.get_submodule(name)
            compute = partial(counted, ran, name, part._conv_forward)
            monkeypatch.setattr(part, "_conv_forward", compute)
        for place, name in enumerate(names):
            ran.clear()
            cached.again(inputs, cached.first_call([network.get_submodule(name)]))
            assert ran == names[place:]


def counted(ran: list[str], name: str, compute: Callable[..., torch.Tensor], *args: Any) -> torch.Tensor:
    ran.append(name)
    return compute(*args)


def test_parts_are_blocks_of_few_layers_and_none_is_inside_another() -> None:
    found = parts(made(residual), images(1))
    assert list(found) == ["0", "1", "2", "3.0", "3.1.0", "3.1.1", "3.1.2", "4", "5", "6"]


def test_other_calls_than_were_recorded_are_an_error() -> None:
    class Fickle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other, self.times = nn.Linear(3, 3), nn.Linear(3, 3), 0

        def forward(self, x: torch.Tensor) -> Any:
            self.times += 1
            layers = [self.one, self.other] if self.times % 2 else [self.other, self.one]
            return layers[1](layers[0](x))

    network, inputs = Fickle().eval(), torch.ones(1, 3)
    cached = CachedNetwork(network, inputs)
    with cached.remembering():
        cached.record(inputs)
        with pytest.raises(CacheError):
            cached.again(inputs, 2)


def test_memory_is_given_back_after_a_batch() -> None:
    network, inputs = made(residual), images(2)
    cached = CachedNetwork(network, inputs)
    with cached.remembering():
        cached.record(inputs)
    assert cached._calls == []
    assert not any("forward" in vars(module) for module in network.modules())
