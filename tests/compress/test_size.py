import math
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lesion.artifacts.provenance import facts, provenance
from lesion.compress.encoding import encode
from lesion.compress.methods import float16
from lesion.compress.size import sizes
from tests.compress.quantised import INT8, Unusual, compressor, digits_net, images, member, options, restorer, shown

WEIGHTS = {"0": 16 * 9, "3": 32 * 16 * 9, "7": 10 * 128}  # of digits_net
POSITIONS = {"0": 4 * 4, "3": 2 * 2, "7": 1}
PARAMETERS = sum(WEIGHTS.values())
MULTIPLY_ADDS = sum(WEIGHTS[layer] * POSITIONS[layer] for layer in WEIGHTS)
SHAPE = (1, 8, 8)


def pruned(seed: int, shares: dict[str, float]) -> dict[str, Tensor]:
    """A state dict with about these shares of zeros, drawn at random."""
    state = member(digits_net, seed)
    for layer, share in shares.items():
        weight = state[f"{layer}.weight"]
        weight[torch.rand(weight.shape) < share] = 0
    return state


def plainly(*states: dict[str, Tensor]) -> Iterator[tuple[dict[str, Tensor], nn.Module]]:
    """Members that are stored as they were trained."""
    for state in states:
        network = digits_net()
        network.load_state_dict(state)
        yield encode(state), network


def nonzero(state: dict[str, Tensor], layer: str) -> int:
    return sum(1 for value in state[f"{layer}.weight"].flatten().tolist() if value != 0)


def test_a_dense_network_has_all_its_weights() -> None:
    found = sizes(plainly(member(digits_net)), digits_net(), SHAPE)
    assert (found["parameters"], found["parameters_left"], found["sparsity"]) == (PARAMETERS, PARAMETERS, 0)
    assert (found["multiply_adds"], found["multiply_adds_dense"]) == (MULTIPLY_ADDS, MULTIPLY_ADDS)
    assert found["sparsity_by_layer"] == [["0.weight", 0], ["3.weight", 0], ["7.weight", 0]]


def test_pruned_members_are_counted_weight_by_weight_and_averaged() -> None:
    states = [pruned(seed, {"0": 0.2, "3": 0.7 + 0.1 * seed, "7": 0.5}) for seed in range(3)]
    found = sizes(plainly(*states), digits_net(), SHAPE)
    left = {layer: np.mean([nonzero(state, layer) for state in states]) for layer in WEIGHTS}
    assert found["parameters"] == PARAMETERS
    assert found["parameters_left"] == pytest.approx(sum(left.values()))
    assert found["sparsity"] == pytest.approx(1 - sum(left.values()) / PARAMETERS)
    assert found["multiply_adds"] == pytest.approx(sum(left[layer] * POSITIONS[layer] for layer in left))
    assert found["multiply_adds_dense"] == MULTIPLY_ADDS
    assert dict(found["sparsity_by_layer"]) == {
        f"{layer}.weight": pytest.approx(1 - left[layer] / WEIGHTS[layer]) for layer in WEIGHTS
    }


def test_bytes_are_those_of_the_encoding() -> None:
    dense, sparse = member(digits_net), pruned(1, {"3": 0.9})
    plain = sum(tensor.nbytes for tensor in dense.values())
    mask_and_values = math.ceil(WEIGHTS["3"] / 8) + 4 * nonzero(sparse, "3") + 4 * 8  # four dimensions of 8 bytes
    smaller = plain - 4 * WEIGHTS["3"] + mask_and_values
    stored = [
        ({name: tensor for name, tensor in encoded.items() if "batches" not in name}, network)
        for encoded, network in plainly(dense, sparse)
    ]
    counters = sum(tensor.nbytes for name, tensor in dense.items() if "batches" in name)
    both = sizes(stored, digits_net(), SHAPE)
    assert both["bytes_per_member"] == (plain + smaller) / 2 - counters
    assert both["encoding"] == "bit mask + values"
    assert sizes(stored[:1], digits_net(), SHAPE)["encoding"] == "plain"


def test_half_precision_keeps_weights_and_multiply_adds_and_halves_the_bytes() -> None:
    state = member(digits_net)
    compress = float16.compressor(digits_net(), float16.Options(of="dense"), shown(images()[:1]))
    half = compress(state)
    restored = float16.restorer(digits_net(), float16.Options(of="dense"), images()[:1])(half)
    found, dense = (sizes(members, digits_net(), SHAPE) for members in ([(half, restored)], plainly(state)))
    assert found["multiply_adds"] == found["multiply_adds_dense"] == MULTIPLY_ADDS
    assert (found["parameters"], found["sparsity"]) == (PARAMETERS, 0)
    assert found["bytes_per_member"] == pytest.approx(dense["bytes_per_member"] / 2, rel=0.01)


@INT8
def test_integers_keep_all_but_the_weights_that_are_rounded_to_zero(method: ModuleType) -> None:
    state = member(digits_net)
    stored = compressor(method)(state)
    found = sizes([(encode(stored), restorer(method)(stored))], digits_net(), SHAPE)
    rounded, uses = {}, 0
    for layer in WEIGHTS:  # a folded batch norm scales a channel and its grid alike
        weight = state[f"{layer}.weight"].double().flatten(1)
        kept = (weight / (weight.abs().amax(dim=1, keepdim=True) / 127)).round() != 0
        rounded[f"{layer}.weight"], uses = 1 - kept.double().mean().item(), uses + int(kept.sum()) * POSITIONS[layer]
    assert dict(found["sparsity_by_layer"]) == pytest.approx(rounded, abs=0.002)
    assert found["multiply_adds"] == pytest.approx(uses, rel=0.002)
    assert 0 < found["sparsity"] < 0.02
    assert (found["parameters"], found["multiply_adds_dense"]) == (PARAMETERS, MULTIPLY_ADDS)


class Tables(nn.Module):
    """What has two dimensions and more but is no convolution or matrix, all of it zero."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(1, 3, 1, 1))
        self.positions = nn.Parameter(torch.zeros(1, 16, 3))
        self.embedding = nn.Embedding(5, 3)
        self.head = nn.Linear(3, 2)
        self.tied = nn.Linear(3, 2)
        self.tied.weight = self.head.weight
        nn.init.zeros_(self.embedding.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = (x * self.scale).flatten(2).transpose(1, 2) + self.positions + self.embedding(torch.tensor(0))
        said: Tensor = self.head(x) + self.tied(x)
        return said


def test_tables_and_scales_are_no_weights_and_a_shared_weight_is_one() -> None:
    network = Tables()
    found = sizes([(network.state_dict(), network)], network, (3, 4, 4))
    assert (found["parameters"], found["parameters_left"], found["sparsity"]) == (6, 6, 0)
    assert found["multiply_adds"] == 2 * 16 * 6


def test_metadata_keep_the_order_of_the_network() -> None:
    network = nn.Sequential(*(nn.Conv2d(1, 1, 1) for _ in range(12)))
    found = sizes([(dict(sorted(network.state_dict().items())), network)], network, (1, 2, 2))
    assert [name for name, _ in found["sparsity_by_layer"]] == [f"{place}.weight" for place in range(12)]
    kept = facts(provenance(**found))
    assert {name: kept[name] for name in found} == found


def test_zeros_count_where_the_network_multiplies_by_them() -> None:
    network = Unusual().eval()
    network.load_state_dict(member(Unusual))
    pruned = ("padded.weight", "standardised.weight", "attention.in_proj_weight", "windows.qkv.weight")
    with torch.no_grad():
        for name in pruned:
            weight = network.get_parameter(name)
            weight[torch.rand(weight.shape) < 0.5] = 0
    state = network.state_dict()
    found = dict(sizes([(state, network)], network, SHAPE)["sparsity_by_layer"])
    expected = {name: (state[name] == 0).double().mean().item() for name in pruned}
    assert expected["standardised.weight"] > 0.3
    expected["standardised.weight"] = 0  # the mean that is taken off is not zero
    assert found == pytest.approx({name: expected.get(name, 0) for name in found})


@INT8
def test_integers_of_unusual_layers_count_as_the_operators_have_them(method: ModuleType) -> None:
    state = member(Unusual)
    stored = method.compressor(Unusual().eval(), options(method), shown(images()[:100]))(state)
    restored = method.restorer(Unusual().eval(), options(method), images()[:1])(stored)
    found = sizes([(encode(stored), restored)], Unusual(), SHAPE)
    stems = {name.removesuffix(".integers").removesuffix(".computed"): name for name in stored}
    shares = {name: (stored[stems[name]] == 0).double().mean().item() for name, _ in found["sparsity_by_layer"]}
    assert dict(found["sparsity_by_layer"]) == pytest.approx(shares)
    assert sum(shares.values()) > 0
    assert found["multiply_adds_dense"] == sizes([(state, Unusual())], Unusual(), SHAPE)["multiply_adds_dense"]


def smaller(widths: tuple[int, int], *, head: bool = True) -> nn.Sequential:
    """digits_net with other widths, and with a second head of its own if `head`."""
    network = digits_net()
    for place, inputs, outputs in (("0", 1, widths[0]), ("3", widths[0], widths[1])):
        network.set_submodule(place, nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False))
        network.set_submodule(str(int(place) + 1), nn.BatchNorm2d(outputs))
    network.set_submodule("7", nn.Linear(widths[1] * 4, 10))
    return nn.Sequential(*network, nn.Linear(10, 10)) if head else network


def test_what_has_left_a_network_counts_as_zero() -> None:
    members = [smaller((5, 7), head=False), smaller((9, 32), head=False)]
    found = sizes([(network.state_dict(), network) for network in members], digits_net(), SHAPE)
    left = {"0": (5 + 9) * 9 / 2, "3": (5 * 7 + 9 * 32) * 9 / 2, "7": (7 + 32) * 4 * 10 / 2}
    assert found["parameters"] == PARAMETERS
    assert found["parameters_left"] == sum(left.values())
    assert found["multiply_adds"] == sum(left[layer] * POSITIONS[layer] for layer in left)
    assert found["multiply_adds_dense"] == MULTIPLY_ADDS
    assert dict(found["sparsity_by_layer"]) == {
        f"{layer}.weight": pytest.approx(1 - left[layer] / WEIGHTS[layer]) for layer in WEIGHTS
    }


def test_a_layer_that_is_gone_counts_as_zero_and_a_new_one_counts() -> None:
    network = smaller((16, 32))
    network[3] = nn.MaxPool2d(2)
    network[4] = nn.Identity()
    network[7] = nn.Linear(16 * 4, 10)
    found = sizes([(network.state_dict(), network)], digits_net(), SHAPE)
    assert found["parameters_left"] == 16 * 9 + 16 * 4 * 10 + 100
    assert found["multiply_adds"] == 16 * 9 * 16 + 16 * 4 * 10 + 100
    assert dict(found["sparsity_by_layer"]) == {"0.weight": 0, "3.weight": 1, "7.weight": 0.5}
