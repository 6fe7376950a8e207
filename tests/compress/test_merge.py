"""Merging the units of networks: which can, what the function keeps, what is left where a unit was."""

import copy
import dataclasses
from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from lesion import plugins
from lesion.compress.calibration import Calibration
from lesion.compress.mergeable import Mergeable, find_mergeable, measure_moments
from lesion.compress.merging import Merge
from lesion.compress.methods import merge, remove
from lesion.errors import InputError
from lesion.models import cifar_resnet, mlp, small_cnn, wide_resnet
from tests.compress.quantised import shown
from tests.rounding import assert_close
from tests.training import random_split

CORRELATION = {"name": "correlation", "images": 60}
RULES: list[Any] = [
    "data-free", "neuron", CORRELATION, CORRELATION | {"choice": "error"},
    CORRELATION | {"choice": "error", "fit": "all"},
]  # fmt: skip
SHOWN = Calibration(random_split(), 3)
State = dict[str, Tensor]


def cnn() -> nn.Module:
    return small_cnn.build(small_cnn.Options(widths=[8, 6]), channels=1, side=8, classes=4)


def resnet() -> nn.Module:
    return cifar_resnet.build(cifar_resnet.Options(depth=8, width=4), channels=1, side=8, classes=4)


def wide() -> nn.Module:
    options = wide_resnet.Options.read({"depth": 10, "width": 1}, where="model")
    return wide_resnet.build(options, channels=1, side=8, classes=4)


def linear() -> nn.Module:
    layers = mlp.build(mlp.Options(widths=[10, 6]), features=64, classes=4)
    return nn.Sequential(nn.Flatten(), layers)


def unpadded() -> nn.Module:
    """Convolutions without a border: the first adds a bias, the second has a batch norm alone."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 5, 3, bias=False), nn.BatchNorm2d(5), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(45, 4)),
    )


NETWORKS = {"cnn": cnn, "resnet": resnet, "wide": wide, "linear": linear, "unpadded": unpadded}
SIZES = {"cnn": [8, 6], "resnet": [4, 8, 16, 8], "wide": [16, 32, 64], "linear": [10, 6], "unpadded": [6, 5]}
"""Of the units that can be merged: of residual networks those inside the blocks, and those that zeros are added to."""
networks = pytest.mark.parametrize("name", [name for name in NETWORKS if name != "wide"])  # which takes longer
rules = pytest.mark.parametrize("rule", RULES, ids=str)


def trained(name: str, seed: int = 0) -> nn.Module:
    """A network in evaluation mode whose norms have seen images and have scales and biases of their own."""
    torch.manual_seed(seed)
    network = NETWORKS[name]()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
    with torch.no_grad():
        for _ in range(8):
            network.train()(SHOWN.images(64))
    return network.eval()


def options(rule: Any, **named: Any) -> merge.Options:
    plain = {"method": "merge", "of": "dense", "sparsity": 0.5, "rule": rule}
    read: merge.Options = plugins.options("method", plain | named, where="variant", key="method")
    return read


def merged(network: nn.Module, rule: Any, **named: Any) -> nn.Module:
    state = network.state_dict()
    found = copy.deepcopy(network)
    compressed = merge.compressor(copy.deepcopy(network), options(rule, **named), SHOWN)(state)
    assert list(compressed) == list(state)
    found.load_state_dict(compressed)
    return found.eval()


def run(network: nn.Module, images: Tensor | None = None) -> Tensor:
    with torch.no_grad():
        found: Tensor = network(SHOWN.images(64) if images is None else images)
    return found


def units(network: nn.Module, **named: Any) -> list[Mergeable]:
    return find_mergeable(network, SHOWN.images(1), **named)


def left(each: Mergeable) -> Tensor:
    """The units that stay: bool (n,)."""
    weight = each.writer.get_parameter("weight")
    return (weight[each.channels.writers[0].index[:, 0]] != 0).flatten(1).any(dim=1)


@pytest.mark.parametrize("name", NETWORKS)
def test_units_inside_blocks_can_be_merged_and_those_that_are_summed_cannot(name: str) -> None:
    assert [each.channels.size for each in units(trained(name))] == SIZES[name]


@networks
@rules
def test_units_that_leave_compute_zero_and_nothing_reads_them(name: str, rule: Any) -> None:
    network = trained(name)
    found = merged(network, rule)
    for each, size in zip(units(found), SIZES[name], strict=True):
        stay = left(each)
        assert int(stay.sum()) == size - round(size / 2)
        values = measure_outputs(found, each)
        assert (values[:, ~stay] == 0).all()
        assert values[:, stay].any()
        for reader in each.readers:
            assert (reader.columns()[:, ~stay] == 0).all()
    touched = {part.name for each in units(network) for part in each.channels.slices}
    touched |= {f"{path}.{tensor}" for path, module in network.named_modules() for tensor in ("bias", "running_mean")}
    for tensor, value in network.state_dict().items():
        assert tensor in touched or torch.equal(value, found.state_dict()[tensor])


def measure_outputs(network: nn.Module, each: Mergeable) -> Tensor:
    """What the writer, or its norm, gives for each unit: (images, units, …)."""
    seen: list[Tensor] = []
    last = each.norm if each.norm is not None else each.writer
    handle = last.register_forward_hook(lambda _, __, output: seen.append(output.clone()))
    run(network)
    handle.remove()
    return seen[0][:, each.channels.writers[0].index[:, 0]]


@networks
@rules
def test_remove_makes_merged_members_smaller(name: str, rule: Any) -> None:
    found, settings = merged(trained(name), rule), remove.Options(of="merged")
    remover = remove.compressor(NETWORKS[name]().eval(), settings, SHOWN)
    stored = remover(found.state_dict())
    smaller = remove.restorer(NETWORKS[name]().eval(), settings, SHOWN.images(1))(stored)
    facts = remover.own_facts
    assert facts["channels"] - facts["left"] >= sum(round(size / 2) for size in SIZES[name])
    assert sum(tensor.numel() for tensor in stored.values()) < sum(p.numel() for p in found.state_dict().values())
    assert_close(run(smaller), run(found), operations=1000)


@networks
@rules
def test_two_units_that_are_alike_merge_without_a_change(name: str, rule: Any) -> None:
    network = trained(name)
    for each in units(network):
        state = network.state_dict()  # shares memory
        (writer,) = each.channels.writers
        state[writer.name][writer.index[0]] /= 100  # of the least norm, for neuron merging
        for part in each.channels.writers + each.channels.followers:
            state[part.name][part.index[1]] = state[part.name][part.index[0]]
    before = run(network)
    module, settings = plugins.component("merging", rule, where="variant.rule")
    for place, measured in enumerate(measure_moments(network, units(network), [SHOWN.images(64)])):
        found = copy.deepcopy(network)
        each = units(found)[place]
        layer = dataclasses.replace(each.layer(no_moments), measure={60: measured}.__getitem__)
        each.write(module.merge(layer, 1, settings))
        assert int((~left(each)).sum()) == 1
        assert_close(run(found), before, operations=1000)


def reads_constants() -> nn.Module:
    """A network in which unit 1 of each layer is always 0.5."""
    network = trained("unpadded")
    state = network.state_dict()  # shares memory
    for name in ("0.weight", "2.weight", "3.weight"):
        state[name][1] = 0
    state["0.bias"][1], state["3.bias"][1] = 0.5, 0.5
    return network


@pytest.mark.parametrize("rule", RULES[2:], ids=str)
def test_a_constant_unit_goes_into_what_follows(rule: Any) -> None:
    network = reads_constants()
    found = merged(network, rule, sparsity=0.2)
    assert [left(each).tolist()[1] for each in units(found)] == [False, False]
    assert_close(run(found), run(network), operations=1000)
    mean, bias = "3.running_mean", "7.bias"
    assert not torch.equal(found.state_dict()[mean], network.state_dict()[mean])
    assert not torch.equal(found.state_dict()[bias], network.state_dict()[bias])


def test_a_constant_does_not_go_through_a_border_of_zeros() -> None:
    takes = {name: [each.layer(no_moments).takes_constants for each in units(trained(name))] for name in NETWORKS}
    assert takes == {
        "cnn": [False, True], "resnet": [False, False, False, True], "wide": [False] * 3, "linear": [True, True],
        "unpadded": [True, True],
    }  # fmt: skip


def no_moments(images: int) -> Any:
    raise AssertionError


@pytest.mark.parametrize("name", ["cnn", "linear", "unpadded"])
def test_moments_are_of_what_the_next_layer_reads(name: str) -> None:
    network = trained(name)
    batches = list(SHOWN.batches(30, 7))
    for each, found in zip(units(network), measure_moments(network, units(network), batches), strict=True):
        (reader,) = each.readers
        seen: list[Tensor] = []
        handle = reader.layer.register_forward_pre_hook(lambda _, args, seen=seen: seen.append(args[0].clone()))
        run(network, torch.cat(batches))
        handle.remove()
        values = seen[0].double().reshape(30, each.channels.size, -1)
        values = values.transpose(1, 2).flatten(0, 1)
        torch.testing.assert_close(found.mean, values.mean(dim=0), rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(found.covariance(), torch.cov(values.T, correction=0), rtol=1e-4, atol=1e-6)


def test_layers_that_are_kept_stay_as_they_are() -> None:
    network = trained("linear")
    found = merged(network, "data-free", keep=["1.4"])
    assert torch.equal(found.state_dict()["1.4.weight"], network.state_dict()["1.4.weight"])
    assert [each.channels.size for each in units(network, keep=["1.4"])] == [10]
    with pytest.raises(InputError, match="keep: head is no layer of this network"):
        merged(network, "data-free", keep=["head"])
    with pytest.raises(InputError, match=r"merge: no units of this network can be merged \(.*they are kept"):
        merged(network, "data-free", keep=["1.2"])


class Depthwise(nn.Module):
    """Channels that pass a depthwise convolution, channels that are summed, and a convolution of two groups."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.depthwise = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3, groups=4)
        self.one, self.two = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1, groups=2)
        self.head = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.depthwise(self.stem(x)).relu()
        x = self.two((self.one(x) + x).relu()).relu()
        logits: Tensor = self.head(x.mean((2, 3)))
        return logits


def test_other_channels_are_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match=r"no units of this network can be merged \(.*several layers.*one group"):
        units(Depthwise())


class ReadElsewhere(nn.Module):
    """A network that multiplies by the weight of a layer without calling it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.head = nn.Linear(64, 6), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(self.inner(x.flatten(1)).relu(), self.head.weight, self.head.bias)


def test_activations_that_no_layer_is_called_with_are_refused_where_they_are_measured() -> None:
    network = ReadElsewhere().eval()
    assert int(left(*units(merged(network, "data-free"))).sum()) == 3
    with pytest.raises(InputError, match=r"merge: the activations that head\.weight reads cannot be measured"):
        merged(network, CORRELATION)


@pytest.mark.parametrize("rule", RULES[:3], ids=str)
def test_what_left_the_parent_counts(rule: Any) -> None:
    parent = merged(trained("cnn"), rule, sparsity=0.25)
    child = merged(parent, rule, sparsity=0.5)
    for before, after in zip(units(parent), units(child), strict=True):
        assert int(left(after).sum()) == before.channels.size // 2
        assert not (left(after) & ~left(before)).any()
    same = merged(parent, rule, sparsity=0.1)
    assert_close(run(same), run(parent), operations=1)


def test_batch_norms_are_measured_again() -> None:
    network = trained("cnn")
    plain, again = merged(network, "neuron"), merged(network, "neuron", batch_norms=60)
    for name, tensor in plain.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]) == ("running" not in name and "tracked" not in name)


def test_what_left_stays_away_while_the_network_trains() -> None:
    network = merged(trained("unpadded"), CORRELATION)
    gone = [~left(each) for each in units(network)]
    tuning = merge.FineTuning(network, SHOWN.images(1))
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    for step in range(3):
        tuning.before_step(step, optimiser)
        optimiser.zero_grad()
        functional.cross_entropy(network.train()(SHOWN.images(64)), SHOWN.split.label[:64]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    tuning.finish()
    for each, away in zip(units(network.eval()), gone, strict=True):
        assert torch.equal(~left(each), away)
        assert (measure_outputs(network, each)[:, away] == 0).all()


@pytest.fixture(scope="module")
def of_digits() -> tuple[nn.Module, Tensor, Tensor]:
    """A perceptron that knows nine of ten handwritten digits, the images and labels."""
    data = load_digits()
    images, labels = torch.tensor(data.images / 16, dtype=torch.float32)[:, None], torch.tensor(data.target)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), mlp.build(mlp.Options(widths=[60, 30]), features=64, classes=10))
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(60):
        optimiser.zero_grad()
        functional.cross_entropy(network(images[:900]), labels[:900]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return network.eval(), images, labels


@pytest.mark.parametrize("rule", [*RULES[:2], RULES[4]], ids=str)
def test_merged_digits_are_read_better_than_without_the_same_units(
    of_digits: tuple[nn.Module, Tensor, Tensor], rule: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, images, labels = of_digits

    def right() -> float:
        model = copy.deepcopy(network)
        compress = merge.compressor(copy.deepcopy(network), options(rule, sparsity=0.7), shown(images[:900]))
        model.load_state_dict(compress(network.state_dict()))
        return float((run(model, images[900:]).argmax(dim=1) == labels[900:]).float().mean())

    with_merging, choose = right(), merge.choose
    monkeypatch.setattr(merge, "choose", lambda *given: [Merge.of(found.kept) for found in choose(*given)])
    assert with_merging > right() + 0.02
