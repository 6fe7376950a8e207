import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lesion.compress.masks import MaskedNetwork, keep_largest, prunable
from lesion.errors import InputError
from tests.compress.masking import PRODUCTS, half_masks, network
from tests.rounding import assert_close
from tests.training import effective

SEEDS = st.integers(0, 2**32 - 1)
LEVELS = st.sampled_from([None, 1, 2, 3])


@st.composite
def rows_to_prune(draw: st.DrawFn) -> tuple[Tensor, int]:
    """Random saliencies in rows, and how many of each are pruned; with few levels most of them are tied."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(0, 12)))
    rng, levels = np.random.default_rng(draw(SEEDS)), draw(LEVELS)
    values = rng.random(shape) if levels is None else rng.integers(0, levels, shape) / 4
    return torch.tensor(values), draw(st.integers(0, shape[1]))


@settings(max_examples=150)
@given(rows_to_prune())
def test_exactly_the_asked_number_of_each_row_is_pruned(drawn: tuple[Tensor, int]) -> None:
    saliency, pruned = drawn
    mask = keep_largest(saliency, pruned)
    assert mask.dtype == torch.bool
    assert mask.shape == saliency.shape
    assert (~mask).sum(dim=1).tolist() == [pruned] * len(saliency)


@settings(max_examples=150)
@given(rows_to_prune())
def test_the_least_go_and_of_ties_the_first(drawn: tuple[Tensor, int]) -> None:
    saliency, pruned = drawn
    for row, kept in zip(saliency.tolist(), keep_largest(saliency, pruned).tolist(), strict=True):
        order = sorted(range(len(row)), key=lambda place: (row[place], place))
        assert [place for place, keep in enumerate(kept) if not keep] == sorted(order[:pruned])


@settings(max_examples=60)
@given(rows_to_prune(), st.integers(0, 12))
def test_a_sparser_mask_keeps_nothing_new(drawn: tuple[Tensor, int], fewer: int) -> None:
    saliency, pruned = drawn
    assert not (keep_largest(saliency, pruned) & ~keep_largest(saliency, min(fewer, pruned))).any()


@pytest.mark.parametrize("none", [-float("inf"), 0.0])
def test_entries_marked_as_worth_nothing_go_first(none: float) -> None:
    saliency = torch.tensor([[3.0, none, 1.0, none, 2.0]])
    assert keep_largest(saliency, 2).tolist() == [[True, False, True, False, True]]
    assert keep_largest(saliency, 3).tolist() == [[True, False, False, False, True]]


def test_convolutions_and_linear_layers_are_prunable() -> None:
    assert [name for name, _, _ in prunable(network())] == ["0.weight", "4.weight"]
    others = nn.Sequential(
        nn.Conv1d(1, 1, 1), nn.LayerNorm((3, 3)), nn.ConvTranspose3d(1, 1, 1), nn.Embedding(3, 3), nn.PReLU()
    )
    assert [name for name, _, _ in prunable(others)] == ["0.weight", "2.weight"]
    assert [name for name, _, _ in prunable(nn.Linear(2, 2))] == ["weight"]


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (nn.MultiheadAttention(4, 2), ["in_proj_weight", "out_proj.weight"]),
        (
            nn.MultiheadAttention(4, 2, kdim=3, vdim=5),
            ["q_proj_weight", "k_proj_weight", "v_proj_weight", "out_proj.weight"],
        ),
    ],
)
def test_the_matrices_of_attention_are_prunable(model: nn.Module, names: list[str]) -> None:
    found = list(prunable(model))
    assert [name for name, _, _ in found] == names
    for name, layer, attribute in found:
        assert layer.get_parameter(attribute) is model.get_parameter(name)
    MaskedNetwork(model)
    assert [name for name, _, _ in prunable(model)] == names


def test_names_are_those_of_the_state_dict() -> None:
    model = network()
    assert list(MaskedNetwork(model).weights()) == ["0.weight", "4.weight"]
    assert {name for name, _, _ in prunable(model)} <= network().state_dict().keys()


def test_a_weight_that_layers_share_is_refused() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Embedding(3, 3))
    model[1].weight = model[0].weight
    with pytest.raises(InputError, match=r"several layers share the weight 0\.weight"):
        MaskedNetwork(model)
    model[1] = model[0]  # a layer that runs twice has one weight
    assert list(MaskedNetwork(model).weights()) == ["0.weight"]


def test_a_masked_network_computes_with_zeros() -> None:
    model, plain = network(), network()
    masked = MaskedNetwork(model)
    inputs = torch.randn(3, 1, 4, 4)
    assert_close(model(inputs), plain(inputs), operations=PRODUCTS)  # until masks are set, nothing changes
    masks = half_masks(masked)
    masked.set(masks)
    with torch.no_grad():
        for name, mask in masks.items():
            plain.get_parameter(name)[~mask] = 0
    assert_close(model(inputs), plain(inputs), operations=PRODUCTS)


def test_masked_weights_get_no_gradient() -> None:
    model = network()
    masked = MaskedNetwork(model)
    masks = half_masks(masked)
    masked.set(masks)
    model(torch.randn(3, 1, 4, 4)).square().sum().backward()
    for name, mask in masks.items():
        gradient = model.get_parameter(f"{name[0]}.parametrizations.weight.original").grad
        assert gradient is not None
        assert (gradient[~mask] == 0).all()
        assert (gradient[mask] != 0).any()


def test_masked_weights_stay_and_can_come_back() -> None:
    model, plain = network(), network()
    masked = MaskedNetwork(model)
    original = {name: weight.clone() for name, weight in masked.weights().items()}
    masks = half_masks(masked)
    masked.set(masks)
    for name, weight in masked.weights().items():
        assert torch.equal(weight, original[name])
    masked.set({name: ~mask for name, mask in masks.items()})
    for name, mask in masks.items():
        weight = effective(model)[name]
        assert torch.equal(weight[~mask], original[name][~mask])
        assert (weight[mask] == 0).all()
    masked.set({name: torch.ones_like(mask) for name, mask in masks.items()})
    inputs = torch.randn(3, 1, 4, 4)
    assert_close(model(inputs), plain(inputs), operations=PRODUCTS)


def test_removing_leaves_a_plain_network_without_negative_zeros() -> None:
    model, plain = network(), network()
    masked = MaskedNetwork(model)
    masks = half_masks(masked)
    masked.set(masks)
    inputs = torch.randn(3, 1, 4, 4)
    before = model(inputs)
    masked.remove()
    assert_close(model(inputs), before, operations=PRODUCTS)
    assert set(model.state_dict()) == set(plain.state_dict())
    assert type(model[0]) is nn.Conv2d
    for name, mask in masks.items():
        weight = model.get_parameter(name)
        zero = weight == 0
        assert torch.equal(zero, ~mask)
        assert not torch.signbit(weight[zero]).any()
        assert torch.equal(weight[mask], plain.get_parameter(name)[mask])
    for name, tensor in plain.state_dict().items():
        if name not in {"0.weight", "4.weight"} and "running" not in name and "tracked" not in name:
            assert torch.equal(model.state_dict()[name], tensor)
