"""Pruning trained networks: how many zeros there are and where, what is kept, what images are seen, batch norms."""

import copy
import logging
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from lesion import plugins
from lesion.compress import fine_tuning
from lesion.compress.calibration import Calibration
from lesion.compress.masks import prunable
from lesion.compress.methods import prune_trained
from lesion.errors import InputError
from tests.rounding import assert_close
from tests.training import PRODUCTS, random_split, small_network
from tests.training import pruned as trained_variant

SPLIT = random_split()
SHOWN = Calibration(SPLIT, 3)
SCORES: list[Any] = [
    "magnitude", "random-draw", "geometric-median", "bn-scale", {"name": "gradient", "images": 20},
    {"name": "gradient-weight", "images": 20}, {"name": "grasp", "images": 20, "temperature": 1.0},
    {"name": "obd", "images": 20}, {"name": "obd-fisher", "images": 20},
    {"name": "l-obs", "images": 20, "damping": 0.01},
    {"name": "woodfisher", "images": 20, "block": 8, "damping": 1e-4}, {"name": "apoz", "images": 20},
    {"name": "activation-mean", "images": 20}, {"name": "activation-variance", "images": 20},
]  # fmt: skip
State = dict[str, Tensor]


def options(**named: Any) -> prune_trained.Options:
    plain = {"of": "dense", "sparsity": 0.5, "score": "magnitude", "shape": "weight", "allocation": "uniform"}
    read: prune_trained.Options = plugins.options(
        "method", {"method": "prune-trained"} | plain | named, where="variant", key="method"
    )
    return read


def trained(seed: int = 0) -> nn.Module:
    """A network whose batch norms have seen images and whose scales differ, in evaluation mode."""
    network = small_network(seed)
    images = torch.cat(list(SHOWN.batches(64, 64)))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
    with torch.no_grad():
        for _ in range(20):
            network.train()(images)
    return network.eval()


def pruned(state: State, shown: Calibration = SHOWN, **named: Any) -> State:
    return prune_trained.compressor(small_network(9).eval(), options(**named), shown)(state)


def run(state: State, images: Tensor) -> Tensor:
    network = small_network()
    network.load_state_dict(state)
    with torch.no_grad():
        found: Tensor = network.eval()(images)
    return found


def weights(state: State) -> State:
    return {name: state[name] for name, _, _ in prunable(small_network())}


def zeros(state: State) -> dict[str, int]:
    return {name: int((weight == 0).sum()) for name, weight in weights(state).items()}


@settings(max_examples=25)
@given(sparsity=st.floats(0.02, 0.98), seed=st.integers(0, 2**16), score=st.sampled_from(SCORES[:5]))
def test_each_tensor_loses_exactly_the_share_that_is_asked_for(sparsity: float, seed: int, score: Any) -> None:
    state = trained(seed).state_dict()
    found = pruned(state, sparsity=sparsity, score=score)
    sizes = {name: weight.numel() for name, weight in weights(state).items()}
    expected = {name: min(round(sparsity * size), size - 1) for name, size in sizes.items()}
    if score == "bn-scale":
        expected["7.weight"] = 0  # the last layer has no batch norm
    assert zeros(found) == expected
    assert list(found) == list(state)


@pytest.mark.parametrize("score", SCORES, ids=str)
@pytest.mark.parametrize("shape", ["weight", {"name": "n-m", "of": 2}, "filter"], ids=str)
def test_every_score_prunes_every_shape_of_a_trained_network(score: Any, shape: Any) -> None:
    state = trained().state_dict()
    found = pruned(state, score=score, shape=shape)
    last = shape == "filter" or score == "bn-scale"
    skipped = {"7.weight"} if last else set()
    skipped |= {"0.weight"} if isinstance(shape, dict) else set()  # of one input channel
    assert zeros(found) == {name: 0 if name in skipped else w.numel() // 2 for name, w in weights(state).items()}
    assert all(tensor.isfinite().all() for tensor in found.values())
    if not (isinstance(score, dict) and score["name"] in ("l-obs", "woodfisher")):
        for name, weight in weights(state).items():
            kept = found[name] != 0
            assert torch.equal(found[name][kept], weight[kept])


@pytest.mark.parametrize("allocation", ["global-ranking", "erk"])
def test_other_allocations_reach_the_sparsity_over_all_weights(allocation: str) -> None:
    state = trained().state_dict()
    total = sum(weight.numel() for weight in weights(state).values())
    assert abs(sum(zeros(pruned(state, allocation=allocation)).values()) - total / 2) <= (allocation == "erk") * 2


def test_the_smallest_weights_go_and_a_bias_stays() -> None:
    state = trained().state_dict()
    found = pruned(state, sparsity=0.3)
    for name, weight in weights(state).items():
        gone = found[name] == 0
        assert weight[gone].abs().max() <= weight[~gone].abs().min()
    for name in state.keys() - weights(state).keys():
        assert torch.equal(found[name], state[name])


def test_layers_that_are_kept_stay_as_they_are_and_do_not_count() -> None:
    state = trained().state_dict()
    found = pruned(state, keep=["0", "7*"], allocation="global-ranking", sparsity=0.25)
    assert zeros(found) == {"0.weight": 0, "3.weight": 54, "7.weight": 0}
    assert torch.equal(found["0.weight"], state["0.weight"])


def test_a_pattern_of_no_layer_and_a_network_of_kept_layers_are_refused() -> None:
    state = trained().state_dict()
    with pytest.raises(InputError, match="keep: head is no layer of this network"):
        pruned(state, keep=["head"])
    with pytest.raises(InputError, match="fits no layer"):
        pruned(state, keep=["*"])


@pytest.mark.parametrize("score", ["magnitude", "random-draw", SCORES[9]], ids=str)
@pytest.mark.parametrize("shape", ["weight", "kernel"])
def test_what_a_parent_has_pruned_goes_first_and_counts(score: Any, shape: str) -> None:
    parent = pruned(trained().state_dict(), sparsity=0.3, score="random-draw")
    child = pruned(parent, sparsity=0.6, score=score, shape=shape)
    fewer = pruned(parent, sparsity=0.2, score=score)
    for name, weight in weights(parent).items():
        assert (child[name][weight == 0] == 0).all()
    assert zeros(fewer) == zeros(parent)
    if shape == "weight":
        assert zeros(child) == {name: round(0.6 * weight.numel()) for name, weight in weights(parent).items()}


def test_a_pruned_channel_of_the_parent_keeps_its_constant() -> None:
    images = torch.cat(list(SHOWN.batches(64, 64)))
    variance = {"name": "activation-variance", "images": 64}
    parent = pruned(trained().state_dict(), shape="filter", score=variance, keep=["3"])
    gone = (parent["0.weight"] == 0).flatten(1).all(dim=1)
    assert int(gone.sum()) == 2
    assert (parent["1.bias"][gone] != 0).all()
    child = pruned(parent, shape="filter", keep=["3"])
    assert_close(run(child, images), run(parent, images), operations=PRODUCTS)
    more = pruned(parent, shape="filter", sparsity=0.75, keep=["3"])
    assert torch.equal(more["1.bias"][gone], parent["1.bias"][gone])
    assert int((more["1.bias"] == 0).sum()) == 1


def test_constants_of_pruned_channels_change_the_answer_less_than_zeros() -> None:
    state, images = trained().state_dict(), torch.cat(list(SHOWN.batches(64, 64)))
    variance = {"name": "activation-variance", "images": 64}
    with_constants = pruned(state, shape="filter", score=variance)
    without = dict(with_constants)
    for layer, norm in (("0", "1"), ("3", "4")):
        gone = (without[f"{layer}.weight"] == 0).flatten(1).all(dim=1)
        without[f"{norm}.bias"] = without[f"{norm}.bias"] * ~gone
    error = [(run(found, images) - run(state, images)).square().mean() for found in (with_constants, without)]
    assert error[0] < error[1]


@pytest.mark.parametrize(
    "method", [{"method": "int8-dynamic"}, {"method": "weight-only", "format": "int4", "group": 4}]
)
def test_what_is_pruned_is_zero_in_what_is_quantised_of_it(method: dict[str, Any]) -> None:
    parent = pruned(trained().state_dict(), sparsity=0.6)
    chosen = plugins.options("method", method | {"of": "pruned"}, where="variant", key="method")
    made = plugins.load("method", method["method"])
    stored = made.compressor(small_network().eval(), chosen, SHOWN)(parent)
    network = made.restorer(small_network().eval(), chosen, SHOWN.images(1))(stored)
    state = network.state_dict()
    for name, weight in weights(parent).items():
        assert (state.get(name, stored.get(name))[weight == 0] == 0).all()
    assert network(SHOWN.images(4)).isfinite().all()


def seen(split_images: list[np.ndarray[Any, Any]], shown: Calibration, monkeypatch: pytest.MonkeyPatch) -> None:
    read = shown.split.images.read

    def note(_: object, rows: np.ndarray[Any, Any]) -> Any:
        split_images.append(rows)
        return read(rows)

    monkeypatch.setattr(type(shown.split.images), "read", note)


def test_members_see_the_same_images_and_draw_masks_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[np.ndarray[Any, Any]] = []
    seen(rows, SHOWN, monkeypatch)
    compress = prune_trained.compressor(
        small_network().eval(), options(score={"name": "gradient-weight", "images": 12}), SHOWN
    )
    for seed in (0, 1):
        compress(trained(seed).state_dict())
    drawn = [list(part) for part in rows if len(part) == 12]
    assert drawn[0] == drawn[1]
    assert len(drawn) == 2
    one, other = (pruned(trained(seed).state_dict(), score="random-draw") for seed in (0, 1))
    assert any(not torch.equal(one[name] == 0, other[name] == 0) for name in weights(one))
    again = pruned(trained(0).state_dict(), score="random-draw")
    assert all(torch.equal(again[name], one[name]) for name in one)


@pytest.mark.parametrize("named", [{"score": {"name": "obd", "images": 71}}, {"batch_norms": 71}], ids=str)
def test_more_images_than_there_are_are_refused(named: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="calibration: 71 images are asked for, there are 70"):
        pruned(trained().state_dict(), **named)


def test_scores_see_a_trained_network_in_evaluation_mode_unless_they_are_told() -> None:
    network = trained()
    state = network.state_dict()
    [(inputs, label)] = SHOWN.sampler(torch.device("cpu"), 70)(64, 0)
    for mode, training in ((None, False), ("evaluation", False), ("training", True)):
        copied = copy.deepcopy(network).train(training)
        loss = torch.zeros(())
        for part in torch.split(torch.arange(64), prune_trained.PART):
            loss = loss + functional.cross_entropy(copied(inputs[part]), label[part])
        loss.backward()  # type: ignore[no-untyped-call]
        found = pruned(state, score={"name": "gradient-weight", "images": 64, "mode": mode})
        for name, weight in weights(state).items():
            slope = copied.get_parameter(name).grad
            assert slope is not None
            saliency = (slope * weight).abs()
            kept = found[name] != 0
            assert saliency[kept].min() >= saliency[~kept].max() * (1 - 1e-3), (mode, name)


# batch norms


def by_hand(state: State, batches: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Mean and unbiased variance of each batch norm's input, means over the batches, written out in float64."""
    network = small_network()
    network.load_state_dict(state)
    layers = list(network.double().children())
    found: list[tuple[list[Tensor], list[Tensor]]] = []
    for batch in batches:
        values, place = batch.double(), 0
        for layer in layers:
            if isinstance(layer, nn.BatchNorm2d):
                mean = values.mean(dim=(0, 2, 3))
                squares = (values - mean[:, None, None]).square()
                count = values.numel() // len(mean)
                if place == len(found):
                    found.append(([], []))
                found[place][0].append(mean)
                found[place][1].append(squares.sum(dim=(0, 2, 3)) / (count - 1))
                spread = (squares.mean(dim=(0, 2, 3)) + layer.eps).sqrt()
                values = (values - mean[:, None, None]) / spread[:, None, None]
                values = values * layer.weight[:, None, None] + layer.bias[:, None, None]
                place += 1
            else:
                values = layer(values)
    return [(torch.stack(means).mean(dim=0), torch.stack(spreads).mean(dim=0)) for means, spreads in found]


@pytest.mark.parametrize("count", [10, 64, 70])
def test_batch_norms_get_the_statistics_of_the_pruned_network(count: int) -> None:
    state = trained().state_dict()
    plain, found = pruned(state), pruned(state, batch_norms=count)
    batches = list(SHOWN.batches(count, fine_tuning.BATCH))
    assert [len(batch) for batch in batches] == {10: [10], 64: [64], 70: [35, 35]}[count]
    expected = by_hand(plain, batches)
    for place, (mean, variance) in zip(("1", "4"), expected, strict=True):
        torch.testing.assert_close(found[f"{place}.running_mean"].double(), mean, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(found[f"{place}.running_var"].double(), variance, rtol=1e-4, atol=1e-6)
        assert not torch.equal(found[f"{place}.running_mean"], state[f"{place}.running_mean"])
    for name in weights(plain):
        assert torch.equal(found[name], plain[name])


def test_a_network_without_batch_norms_has_none_to_measure() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 4))
    compress = prune_trained.compressor(network, options(batch_norms=10), SHOWN)
    with pytest.raises(InputError, match="batch_norms: this network has no batch norm"):
        compress(network.state_dict())


# weights that are computed


class Standardised(nn.Conv2d):
    """Weight standardisation."""

    def forward(self, inputs: Tensor) -> Tensor:
        spread, mean = torch.std_mean(self.weight, dim=(1, 2, 3), keepdim=True)
        return functional.conv2d(inputs, (self.weight - mean) / spread, self.bias)


def test_a_weight_that_its_layer_transforms_stays_dense_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def build() -> nn.Sequential:
        torch.manual_seed(0)
        return nn.Sequential(Standardised(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(64, 4))

    state = build().state_dict()
    with caplog.at_level(logging.WARNING):
        found = prune_trained.compressor(build().eval(), options(), SHOWN)(state)
    assert [int((found[f"{place}.weight"] == 0).sum()) for place in (0, 2, 4)] == [0, 72, 128]
    assert [record.message for record in caplog.records] == [
        "these weights stay dense, since their layers transform them before use: 0.weight"
    ]
    method = plugins.load("method", "prune").Training(
        network := build(), plugins.options("method", trained_variant(), where="variant", key="method"),
        steps=4, sample=SHOWN.sampler(torch.device("cpu"), 8), examples=70, seed=0,
    )  # fmt: skip
    method.before_step(0, torch.optim.SGD(network.parameters()))
    method.finish()
    after = network.state_dict()
    assert [int((after[f"{place}.weight"] == 0).sum()) for place in (0, 2, 4)] == [0, 72, 128]
