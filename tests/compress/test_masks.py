import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lesion.compress.masks import MaskedNetwork, keep_largest, prunable
from lesion.errors import InputError

SHAPES = st.lists(st.integers(0, 6), max_size=4)
SPARSITIES = st.floats(0, 1)
SEEDS = st.integers(0, 2**32 - 1)


def saliency(shape: list[int], seed: int, *, levels: int | None = None) -> Tensor:
    """Random saliencies; with few `levels` most of them are tied."""
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.random(shape) if levels is None else rng.integers(0, levels, shape) / 4)


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 5)
    )


def half_masks(masked: MaskedNetwork) -> dict[str, Tensor]:
    return {name: keep_largest(weight.abs(), 0.5) for name, weight in masked.weights().items()}


@settings(max_examples=150, deadline=None)
@given(shape=SHAPES, sparsity=SPARSITIES, seed=SEEDS, levels=st.sampled_from([None, 1, 2, 3]))
def test_exactly_the_asked_number_is_pruned(shape: list[int], sparsity: float, seed: int, levels: int | None) -> None:
    mask = keep_largest(saliency(shape, seed, levels=levels), sparsity)
    assert mask.dtype == torch.bool
    assert list(mask.shape) == shape
    assert int((~mask).sum()) == round(sparsity * mask.numel())


@settings(max_examples=150, deadline=None)
@given(shape=SHAPES, sparsity=SPARSITIES, seed=SEEDS, levels=st.sampled_from([None, 2, 3]))
def test_what_is_kept_matters_no_less_than_what_is_pruned(
    shape: list[int], sparsity: float, seed: int, levels: int | None
) -> None:
    values = saliency(shape, seed, levels=levels)
    mask = keep_largest(values, sparsity)
    if mask.any() and not mask.all():
        assert values[mask].min() >= values[~mask].max()
        tied = values.flatten() == values[mask].min()
        kept = mask.flatten()[tied].tolist()
        assert kept == sorted(kept)  # of tied weights the first go first


@settings(max_examples=60, deadline=None)
@given(shape=SHAPES, low=SPARSITIES, high=SPARSITIES, seed=SEEDS)
def test_a_sparser_mask_keeps_nothing_new(shape: list[int], low: float, high: float, seed: int) -> None:
    values = saliency(shape, seed, levels=3)
    dense, sparse = (keep_largest(values, sparsity) for sparsity in sorted((low, high)))
    assert not (sparse & ~dense).any()


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
    assert torch.equal(model(inputs), plain(inputs))  # until masks are set, nothing changes
    masks = half_masks(masked)
    masked.set(masks)
    with torch.no_grad():
        for name, mask in masks.items():
            plain.get_parameter(name)[~mask] = 0
    assert torch.equal(model(inputs), plain(inputs))


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
        weight = getattr(model.get_submodule(name[0]), "weight")  # noqa: B009 - a parametrised tensor, not a parameter
        assert torch.equal(weight[~mask], original[name][~mask])
        assert (weight[mask] == 0).all()
    masked.set({name: torch.ones_like(mask) for name, mask in masks.items()})
    inputs = torch.randn(3, 1, 4, 4)
    assert torch.equal(model(inputs), plain(inputs))


def test_removing_leaves_a_plain_network_without_negative_zeros() -> None:
    model, plain = network(), network()
    masked = MaskedNetwork(model)
    masks = half_masks(masked)
    masked.set(masks)
    inputs = torch.randn(3, 1, 4, 4)
    before = model(inputs)
    masked.remove()
    assert torch.equal(model(inputs), before)
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
