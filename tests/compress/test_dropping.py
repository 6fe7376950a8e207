"""Dropout and DropConnect leave a plain network, and drop as many as they say while it trains."""

from typing import Any

import pytest
import torch
from torch import nn

from lesion.errors import InputError
from tests.compress.choosing import IMAGES, cnn, resnet
from tests.training import method_of, train

DROPOUT = {"method": "dropout", "share": 0.3}
DROP_CONNECT = {"method": "drop-connect", "share": 0.3}


@pytest.mark.parametrize("variant", [DROPOUT, DROP_CONNECT])
@pytest.mark.parametrize("build", [cnn, resnet])
def test_members_are_plain_networks(build: Any, variant: dict[str, Any]) -> None:
    network, plain = build(), build()
    train(network, method_of(network, variant))
    assert network.state_dict().keys() == plain.state_dict().keys()
    plain.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert torch.equal(network.eval()(IMAGES), plain.eval()(IMAGES))
    assert all((weight != 0).all() for name, weight in network.named_parameters() if name.endswith("conv1.weight"))


@pytest.mark.parametrize("variant", [DROPOUT, DROP_CONNECT])
def test_evaluation_drops_nothing(variant: dict[str, Any]) -> None:
    network, plain = cnn().eval(), cnn().eval()
    plain.load_state_dict(network.state_dict())
    method_of(network, variant)
    with torch.no_grad():
        assert torch.equal(network.eval()(IMAGES), plain(IMAGES))
        assert not torch.equal(network.train()(IMAGES), plain(IMAGES))


def test_whole_channels_that_a_layer_reads_are_absent_and_the_rest_is_scaled() -> None:
    network: Any = cnn()
    method_of(network, DROPOUT)
    read: dict[int, torch.Tensor] = {}
    whole: list[torch.Tensor] = []
    network[2].register_forward_hook(lambda _, __, output: whole.append(output.clone()))
    for place in (0, 3, 7):
        network[place].register_forward_pre_hook(lambda _, x, place=place: read.setdefault(place, x[0]))
    torch.manual_seed(0)
    images = torch.randn(200, 1, 8, 8)
    network(images)
    assert torch.equal(read[0], images)
    gone = (read[3] == 0).all(dim=(2, 3)) & (whole[0] != 0).any(dim=(2, 3))
    there = (whole[0] != 0).any(dim=(2, 3))
    assert gone.sum() / there.sum() == pytest.approx(0.3, abs=0.05)
    kept = read[3].detach() != 0
    torch.testing.assert_close(read[3][kept], whole[0][kept] / 0.7)


def test_weights_are_absent_and_the_rest_is_scaled() -> None:
    network: Any = nn.Sequential(nn.Flatten(), nn.Linear(64, 50), nn.Linear(50, 4))
    weight = network[1].weight.detach().clone()
    method = method_of(network, DROP_CONNECT)
    torch.manual_seed(0)
    one, other = network[1].weight.detach(), network[1].weight.detach()
    assert (one == 0).float().mean() == pytest.approx(0.3, abs=0.03)
    torch.testing.assert_close(one[one != 0], weight[one != 0] / 0.7)
    assert not torch.equal(one == 0, other == 0)
    method.finish()
    assert torch.equal(network[1].weight, weight)


def test_a_network_without_hidden_units_is_refused() -> None:
    with pytest.raises(InputError, match=r"^dropout: this network has no hidden units"):
        method_of(nn.Sequential(nn.Flatten(), nn.Linear(64, 4)), DROPOUT)
