"""Each mask shape prunes exactly what was asked, the least salient groups, against sorting them by brute force."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lesion.compress.choice import Choice
from lesion.compress.masks import MaskedNetwork
from lesion.compress.probe import Probe
from lesion.errors import InputError
from tests.compress.groups import SHAPES, divides, rows
from tests.training import sample

SEEDS = st.integers(0, 2**32 - 1)
SPARSITIES = st.floats(0.01, 0.99)
every_shape = pytest.mark.parametrize("shape", SHAPES)


def network() -> nn.Sequential:
    """Weights of two to four dimensions, some of which blocks of two and rows of four inputs do not divide."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.Conv2d(8, 4, (2, 3)), nn.Conv1d(4, 3, 2), nn.Linear(12, 6), nn.Linear(9, 4)
    )


def masked_network(seed: int, *, levels: int | None) -> MaskedNetwork:
    """Masks on weights that are multiples of a quarter; with few levels most of them are tied."""
    masked = MaskedNetwork(network())
    draw_weights(masked, seed, levels=levels)
    return masked


def draw_weights(masked: MaskedNetwork, seed: int, *, levels: int | None) -> None:
    rng = np.random.default_rng(seed)
    for weight in masked.weights().values():
        weight.copy_(torch.tensor(rng.integers(-(levels or 1000), (levels or 1000) + 1, weight.shape) / 4))


def choice(masked: MaskedNetwork, shape: str, *, allocation: str = "uniform") -> Choice:
    probe = Probe(masked, sample(), seed=0)
    return Choice(probe, score="magnitude", shape=SHAPES[shape].part, allocation=allocation)


def expected_masks(masked: MaskedNetwork, shape: str, sparsity: float, *, monotone: bool) -> dict[str, Tensor]:
    """Groups sorted by the sum of their magnitudes, which is exact, and by place; what is out first, if it stays."""
    names = list(masked.weights())
    spared = {names[place] for place in SHAPES[shape].spares}
    masks = {}
    for name, weight in masked.weights().items():
        magnitudes, before = weight.abs().flatten().tolist(), masked.masks()[name].flatten().tolist()
        kept = torch.ones(weight.numel(), dtype=torch.bool)
        if name not in spared and divides(shape, tuple(weight.shape)):
            for row in rows(shape, tuple(weight.shape)):
                back = [not monotone or before[group[0]] for group in row]
                order = sorted(
                    range(len(row)), key=lambda g: (back[g], back[g] * sum(magnitudes[m] for m in row[g]), row[g])
                )
                for group in order[: min(round(sparsity * len(row)), max(1, len(row) - 1))]:
                    kept[row[group]] = False
        masks[name] = kept.view_as(weight)
    return masks


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, mask in expected.items():
        assert torch.equal(found[name], mask), name


@every_shape
@settings(max_examples=25)
@given(sparsity=SPARSITIES, seed=SEEDS, levels=st.sampled_from([None, 1, 2]))
def test_the_least_salient_groups_go_exactly_as_many_as_asked(
    shape: str, sparsity: float, seed: int, levels: int | None
) -> None:
    masked = masked_network(seed, levels=levels)
    expected = expected_masks(masked, shape, sparsity, monotone=False)
    choice(masked, shape).prune(sparsity, monotone=False)
    assert_same(masked.masks(), expected)


@every_shape
@settings(max_examples=15)
@given(sparsities=st.tuples(SPARSITIES, SPARSITIES).map(sorted), seed=SEEDS, monotone=st.booleans())
def test_what_is_out_stays_out_or_may_come_back(shape: str, sparsities: list[float], seed: int, monotone: bool) -> None:
    masked = masked_network(seed, levels=2)
    chosen = choice(masked, shape)
    chosen.prune(sparsities[0], monotone=monotone)
    before = masked.masks()
    draw_weights(masked, seed + 1, levels=2)
    expected = expected_masks(masked, shape, sparsities[1], monotone=monotone)
    chosen.prune(sparsities[1], monotone=monotone)
    assert_same(masked.masks(), expected)
    if monotone:
        assert not any((masked.masks()[name] & ~mask).any() for name, mask in before.items())


@pytest.mark.parametrize(("sparsity", "kept"), [(0.5, 2), (0.25, 3), (0.75, 1)])
def test_of_each_four_inputs_as_many_are_kept_as_n_says(sparsity: float, kept: int) -> None:
    masked = masked_network(3, levels=2)
    choice(masked, "n_m").prune(sparsity, monotone=False)
    masks = masked.masks()
    convolution = masks["1.weight"].reshape(4, 2, 4, 6)  # outputs, fours of inputs, inputs, places of the kernel
    assert (convolution.sum(dim=2) == kept).all()
    assert (masks["3.weight"].reshape(6, 3, 4).sum(dim=2) == kept).all()
    assert all(masks[name].all() for name in ("0.weight", "4.weight"))  # 1 and 9 inputs


@settings(max_examples=40)
@given(sparsity=st.floats(0.01, 0.95), seed=SEEDS, levels=st.sampled_from([None, 1, 2]))
def test_globally_the_least_weights_of_the_network_go(sparsity: float, seed: int, levels: int | None) -> None:
    masked = masked_network(seed, levels=levels)
    weights = masked.weights()
    magnitude = np.concatenate([weight.abs().flatten().numpy() for weight in weights.values()])
    tensor = np.repeat(np.arange(len(weights)), [weight.numel() for weight in weights.values()])
    order = np.lexsort((np.arange(len(magnitude)), magnitude))
    best = {int(order[tensor[order] == index][-1]) for index in range(len(weights))}
    gone = [place for place in order.tolist() if place not in best][: round(sparsity * len(magnitude))]
    choice(masked, "weight", allocation="global-ranking").prune(sparsity, monotone=False)
    found = np.concatenate([mask.flatten().numpy() for mask in masked.masks().values()])
    assert np.flatnonzero(~found).tolist() == sorted(gone)
    assert len(gone) == round(sparsity * len(magnitude))


def test_a_whole_layer_may_go_but_neither_the_first_nor_the_last() -> None:
    masked = masked_network(1, levels=None)
    masked.weights()["3.weight"].zero_()
    choice(masked, "layer", allocation="global-ranking").prune(0.4, monotone=False)
    assert [bool(mask.any()) for mask in masked.masks().values()] == [True, True, True, False, True]


def test_filters_are_pruned_where_rows_are_output_channels_alone() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ConvTranspose2d(4, 4, 2), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 2, 1))
    masked = MaskedNetwork(model)
    choice(masked, "filter").prune(0.9, monotone=False)
    rows = {name: mask.flatten(1).any(dim=1).sum().item() for name, mask in masked.masks().items()}
    assert rows == {"0.weight": 1, "1.weight": 4, "2.weight": 1, "3.weight": 2}  # one filter of four is left


@pytest.mark.parametrize("shape", [{"name": "block", "side": 7}, {"name": "n-m", "of": 5}, "layer"])
def test_a_shape_that_fits_no_layer_is_refused(shape: str | dict[str, str | int]) -> None:
    two = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 3))  # blocks and rows do not divide them; first and last
    with pytest.raises(InputError, match=r"^shape .* fits no layer of this network$"):
        Choice(Probe(MaskedNetwork(two), sample(), seed=0), score="magnitude", shape=shape, allocation="uniform")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(value: float) -> None:
    masked = masked_network(0, levels=2)
    masked.weights()["3.weight"][2, 3] = value
    with pytest.raises(InputError, match=r"the saliency of 3\.weight is not finite before step 0"):
        choice(masked, "weight").prune(0.5, monotone=False)
