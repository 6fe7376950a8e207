"""The mask shape `channel`: tied channels are masked together, so that all that is masked can leave the network."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lesion.compress.channels.find import find_channels
from lesion.compress.channels.removal import remove_idle
from lesion.compress.channels.sets import ChannelSet
from lesion.compress.choice import Choice
from lesion.compress.fine_tuning import FineTuning
from lesion.compress.masks import MaskedNetwork
from lesion.compress.partition import find_tied
from lesion.compress.probe import Probe
from lesion.models import cifar_resnet, mlp, text_cnn, wide_resnet
from tests.training import method_of, pruned, random_split, sample, train

SIDE, CLASSES = 8, 4
ALLOCATIONS: tuple[Any, ...] = ("uniform", "erk", "global-ranking", {"name": "global-ranking", "count": "groups"})
EXAMPLE = random_split().normalise(torch.from_numpy(random_split().images.read(np.arange(2)))).contiguous()
TEXTS = text_cnn.Options(embedding=4, channels=6, kernels=[2, 3])


def resnet(shortcut: Any = "zeros") -> nn.Module:
    options = cifar_resnet.Options(depth=8, width=8, shortcut=shortcut)
    return cifar_resnet.build(options, channels=1, side=SIDE, classes=CLASSES)


def pre_activation() -> nn.Module:
    return wide_resnet.build(wide_resnet.Options(depth=10, width=1), channels=1, side=SIDE, classes=CLASSES)


class Depthwise(nn.Sequential):
    """A convolution whose channels a depthwise one filters."""

    def __init__(self) -> None:
        super().__init__(
            *(nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU()),
            *(nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False), nn.BatchNorm2d(6), nn.ReLU()),
            *(nn.Conv2d(6, 8, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, CLASSES)),
        )


NETWORKS = {
    "zeros": resnet,
    "projection": lambda: resnet("convolution"),
    "pre-activation": pre_activation,
    "depthwise": Depthwise,
}
every_network = pytest.mark.parametrize("name", NETWORKS)


def made(name: str) -> nn.Module:
    """A network with random weights and batch norms, in evaluation mode."""
    torch.manual_seed(3)
    model = NETWORKS[name]()
    for norm in model.modules():
        if isinstance(norm, nn.BatchNorm2d):
            for tensor in norm.state_dict().values():
                if tensor.dim():
                    tensor.uniform_(0.2, 1.5)
    return model.eval()


def free(model: nn.Module) -> list[ChannelSet]:
    return [channels for channels in find_channels(model, EXAMPLE[:1]) if not channels.fixed]


def saliency(model: nn.Module, channels: ChannelSet) -> Tensor:
    """The sum over all rows of a channel of the mean magnitude of a row, one channel after the other."""
    state = model.state_dict()
    found = [0.0] * channels.size
    for part in channels.writers:
        for place, rows in enumerate(part.index.tolist()):
            found[place] += sum(float(state[part.name][row].abs().mean()) for row in rows)
    return torch.tensor(found)


def masked(
    model: nn.Module, allocation: Any, sparsity: float = 0.5, score: Any = "magnitude", example: Tensor = EXAMPLE
) -> None:
    units, channels = find_tied(model, example[:1], "channel")
    network = MaskedNetwork(model, units=units, channels=channels)
    probe = Probe(network, sample(), seed=0, trains=False)
    Choice(probe, score=score, shape="channel", allocation=allocation).prune(sparsity, monotone=True)
    network.remove()


def gone(model: nn.Module, channels: ChannelSet) -> list[Tensor]:
    """For each writer bool (n,): True where all weights of a channel are zero."""
    state = model.state_dict()
    return [(state[part.name].flatten(1) == 0).all(dim=1)[part.index].all(dim=1) for part in channels.writers]


@every_network
@pytest.mark.parametrize("allocation", ALLOCATIONS, ids=str)
def test_the_least_salient_channels_are_masked_wherever_they_are_computed(name: str, allocation: Any) -> None:
    model = made(name)
    before = deepcopy(model)
    masked(model, allocation)
    for channels in free(before):
        first, *others = gone(model, channels)
        assert all(torch.equal(first, other) for other in others)
        values = saliency(before, channels)
        assert not first.all()
        assert not first.any() or values[first].max() <= values[~first].min()


@every_network
def test_uniform_masks_the_share_of_each_set_and_a_ranking_that_of_all_channels(name: str) -> None:
    uniform, ranked = made(name), made(name)
    sets = free(uniform)
    masked(uniform, "uniform")
    assert [int(gone(uniform, one)[0].sum()) for one in sets] == [round(0.5 * one.size) for one in sets]
    masked(ranked, {"name": "global-ranking", "count": "groups"}, sparsity=0.3)
    found = sum(int(gone(ranked, one)[0].sum()) for one in sets)
    assert found == round(0.3 * sum(one.size for one in sets))


@every_network
def test_all_that_is_masked_leaves(name: str) -> None:
    model = made(name)
    sets = free(model)
    masked(model, "uniform")
    kept = [one.size - round(0.5 * one.size) for one in sets]
    found = remove_idle(model, [EXAMPLE])
    assert found.stay == {}
    assert found.left == sum(kept) + CLASSES
    assert sorted(one.size for one in free(model)) == sorted(kept)


@pytest.mark.parametrize("family", ["features", "texts"])
def test_networks_of_features_and_texts_become_small(family: str) -> None:
    torch.manual_seed(1)
    words, features = torch.randint(20, (5, 9)), torch.randn(5, 6)
    model, shown = {
        "features": lambda: (mlp.build(mlp.Options(widths=[12, 8]), features=6, classes=3), features),
        "texts": lambda: (text_cnn.build(TEXTS, vocabulary=20, length=9, classes=3), words),
    }[family]()
    masked(model.eval(), "uniform", example=shown)
    before = sum(tensor.numel() for tensor in model.parameters())
    assert remove_idle(model, [shown]).left == {"features": 6 + 4, "texts": 3 + 3}[family] + 3
    assert sum(tensor.numel() for tensor in model.parameters()) < 0.7 * before


def test_a_channel_keeps_its_mean_where_the_score_says_so() -> None:
    model = made("depthwise")
    masked(model, "uniform", score={"name": "activation-variance", "images": 16})
    state = model.state_dict()
    for layer, norm in (("0", "1"), ("3", "4")):
        lost = (state[f"{layer}.weight"] == 0).flatten(1).all(dim=1)
        assert int(lost.sum()) == 3
        assert (state[f"{norm}.weight"][lost] == 0).all()
        assert (state[f"{norm}.bias"][lost] > 0).any()


@every_network
def test_channels_stay_masked_through_a_training_and_a_fine_tuning(name: str) -> None:
    model = made(name).train()
    sets = free(model)
    left = CLASSES + sum(one.size - round(0.5 * one.size) for one in sets)
    train(model, method_of(model, pruned(shape="channel", schedule={"name": "one-shot", "at": 0.5})))
    assert remove_idle(deepcopy(model).eval(), [EXAMPLE]).left == left
    train(model.train(), FineTuning(model, EXAMPLE[:1]))
    assert remove_idle(model.eval(), [EXAMPLE]).left == left
