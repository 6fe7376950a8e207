"""Allocations within a budget and searches, on networks: what is pruned, what is seen, what is left as it was."""

import copy
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lesion.compress.channels.find import find_channels
from lesion.compress.channels.shrink import shrink
from lesion.compress.choice import Choice
from lesion.compress.masks import MaskedNetwork, channels_kept
from lesion.compress.multiply_adds import uses_of_weights
from lesion.compress.partition import find_tied
from lesion.compress.probe import Batch, Probe
from lesion.compress.search.costs import Costs
from lesion.compress.search.trials import measured
from lesion.data.sample import TrainingSampler
from lesion.errors import InputError
from lesion.models.cifar_resnet import Options, build
from tests.compress.probing import images, probe_of
from tests.training import CPU, method_of, pruned, random_split, small_network

SEARCHES: list[Any] = [
    {"name": "amc", "trials": 40, "warmup": 10, "images": 150},
    {"name": "evolution", "trials": 40, "images": 150},
    {"name": "greedy", "trials": 40, "images": 150},
]


class Useless(nn.Module):
    """A layer that decides, and one as large whose output is not used but for a millionth."""

    def __init__(self) -> None:
        super().__init__()
        self.useless, self.useful = nn.Linear(20, 5), nn.Linear(20, 5)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.useful(inputs) + 1e-6 * self.useless(inputs)
        return logits


def residual() -> nn.Module:
    return build(Options(depth=8, width=4), channels=1, side=8, classes=4).eval()


def useless() -> tuple[nn.Module, Batch]:
    torch.manual_seed(0)
    model = Useless().eval()
    inputs = torch.randn(200, 20)
    with torch.no_grad():
        return model, (inputs, model(inputs).argmax(dim=1))


def counts(choice: Choice) -> dict[str, int]:
    return {name: int((~mask).sum()) for name, mask in choice._probe.network.masks().items()}


def search(model: nn.Module, batch: Batch, allocation: Any, sparsity: float = 0.4) -> dict[str, int]:
    choice = Choice(probe_of(model, batch), score="magnitude", shape="weight", allocation=allocation)
    choice.prune(sparsity, monotone=True)
    return counts(choice)


@pytest.mark.parametrize("allocation", SEARCHES, ids=lambda one: one["name"])
def test_a_useless_layer_is_pruned_first(allocation: Any) -> None:
    found = search(*useless(), allocation)
    assert sum(found.values()) >= 80
    assert found["useless.weight"] >= 60
    assert found["useful.weight"] <= 30


def test_the_same_seed_prunes_the_same() -> None:
    short = SEARCHES[0] | {"trials": 6, "warmup": 2}
    assert search(*useless(), short) == search(*useless(), short)


def test_a_training_that_is_run_again_prunes_the_same() -> None:
    def masks() -> dict[str, Tensor]:
        allocation = {"name": "amc", "trials": 4, "warmup": 2, "images": 30, "batch_norms": 16}
        network = small_network()
        method = method_of(
            network, pruned(shape="channel", score={"name": "apoz", "images": 20}, allocation=allocation)
        )
        method.before_step(0, torch.optim.SGD(network.parameters()))
        method.finish()
        return {name: value != 0 for name, value in network.state_dict().items()}

    one, other = masks(), masks()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not all(value.all() for value in one.values() if value.dim() > 1)


def test_nothing_is_tried_where_nothing_must_go(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for allocation in (*SEARCHES, {"name": "erk", "budget": "weights"}):
            assert sum(search(*useless(), allocation, 0.0).values()) == 0
    assert not caplog.records


def test_error_and_cost_trade_off_below_the_budget() -> None:
    plain = {"name": "evolution", "trials": 20, "images": 150}
    found = search(*useless(), plain | {"reward": "error-cost"})
    assert sum(found.values()) >= 80


@pytest.mark.parametrize("shape", ["weight", "filter", "channel", "kernel"])
@pytest.mark.parametrize("allocation", ["uniform", "erk", "global-ranking"])
@pytest.mark.parametrize("budget", ["weights", "multiply-adds"])
def test_any_allocation_meets_a_budget_and_uses_it(allocation: str, budget: str, shape: str) -> None:
    model, [batch] = small_network().eval(), TrainingSampler(random_split(), CPU, 64)(64, 0)
    plain = copy.deepcopy(model)
    whole = shape in ("filter", "channel")
    units, channels = find_tied(model, batch[0], shape)
    network = MaskedNetwork(model, units=units, channels=channels)
    probe = Probe(network, lambda *_: [batch], seed=0, trains=False)
    named = {"name": allocation, "budget": budget}
    Choice(probe, score="magnitude", shape=shape, allocation=named).prune(0.5, monotone=True)
    costs = Costs(plain, batch[0][:1], budget, whole_units=whole)  # type: ignore[arg-type]
    left = costs.of_counts(lambda _: network.masks(), ["all"])({"all": 0}) / sum(costs.dense.values())
    assert left <= 0.5
    assert left > {"weight": 0.48, "kernel": 0.4, "filter": 0.25, "channel": 0.25}[shape]


def test_a_budget_out_of_reach_is_refused() -> None:
    with pytest.raises(InputError, match=r"no level leaves 0\.5% of the weights"):
        search(*useless(), {"name": "uniform", "budget": "weights"}, 0.995)
    with pytest.raises(InputError, match=r"with the share 0\.2 of each tensor kept the network costs 40"):
        search(*useless(), SEARCHES[0], 0.9)


def numbered(seen: list[list[int]]) -> Any:
    """A sampler that notes which of 70 images it draws, the number of an image being its first pixel."""
    split = random_split()
    draw = TrainingSampler(split, CPU, 8)

    def sample(count: int, seed: int) -> Iterator[Batch]:
        found = [*draw(count, seed)]
        seen.append([number_of(image) for inputs, _ in found for image in inputs])
        return iter(found)

    def number_of(image: Tensor) -> int:
        everything = split.normalise(torch.from_numpy(split.images.read(split.example_id.numpy())))
        return int((everything == image).flatten(1).all(dim=1).nonzero())

    sample.number_of = number_of  # type: ignore[attr-defined]
    return sample


def test_trials_measure_images_that_the_score_has_not_seen() -> None:
    seen: list[list[int]] = []
    sample = numbered(seen)
    probe = Probe(MaskedNetwork(small_network()), sample, seed=3)
    for count in (1, 20, 12):
        list(probe.batches(count))
    looked_at = {number for drawn in seen for number in drawn}
    held = {sample.number_of(image) for image in probe.held_out(30)[0]}
    assert len(looked_at) == 20
    assert len(held) == 30
    assert not held & looked_at
    again = {sample.number_of(image) for image in probe.held_out(30)[0]}
    assert again == held
    with pytest.raises(InputError, match="51 held-out images are asked for beside the 20 that are looked at, there"):
        probe.held_out(51)


def test_a_trial_leaves_the_network_as_it_was_and_tells_the_accuracy() -> None:
    model, (inputs, label) = small_network(), images(50, 1, 8, 8, classes=4)
    probe = probe_of(model, (inputs.float(), label))
    list(probe.batches(10))
    before = copy.deepcopy(model.state_dict())
    masks = {name: torch.rand_like(weight) > 0.5 for name, weight in probe.network.weights().items()}
    accuracy, renewed = measured(probe, 25, None)(masks), measured(probe, 25, 20)
    renewed(masks)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.training
    plain = small_network().eval()
    with torch.no_grad():
        for name, mask in masks.items():
            plain.get_parameter(name).mul_(mask)
        right = plain(inputs[10:35].float()).argmax(dim=1) == label[10:35]
    assert accuracy == pytest.approx(float(right.double().mean()))


def test_the_log_tells_trials_and_what_is_left(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        search(*useless(), SEARCHES[1])
    assert [record.message for record in caplog.records] == ["40 trials", "60.0 % of the multiply-adds are left"]


@pytest.mark.parametrize("name", ["amc", "evolution", "greedy"])
def test_tied_channels_are_searched_as_one_and_leave_together(name: str) -> None:
    torch.manual_seed(0)
    model = residual()
    smaller = copy.deepcopy(model)
    [batch] = TrainingSampler(random_split(), CPU, 64)(64, 0)
    units, channels = find_tied(model, batch[0][:1], "channel")
    network = MaskedNetwork(model, units=units, channels=channels)
    probe = Probe(network, lambda *_: [batch], seed=0, trains=False)
    named = {"name": name, "trials": 8, "images": 32} | ({"warmup": 4} if name == "amc" else {})
    Choice(probe, score="magnitude", shape="channel", allocation=named).prune(0.5, monotone=True)
    masks = network.masks()
    sets = [one for one in find_channels(smaller, batch[0][:1]) if not one.fixed]
    shrink(smaller, [(one, channels_kept(one, masks)) for one in sets])
    before, after = (
        sum(int(uses.sum()) * plain.get_parameter(name).numel() // len(uses) for name, uses in found.items())
        for plain, found in ((one, uses_of_weights(one, (1, 8, 8))) for one in (residual(), smaller))
    )
    assert after <= before / 2
    with torch.no_grad():
        torch.testing.assert_close(smaller(batch[0]), model(batch[0]))
