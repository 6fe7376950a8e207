"""Costs of masked networks, against networks that are really smaller and against formulas."""

import copy
from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from lesion.compress.channels.find import find_channels
from lesion.compress.channels.shrink import shrink
from lesion.compress.masks import prunable
from lesion.compress.multiply_adds import uses_of_weights
from lesion.compress.search.costs import Costs
from lesion.compress.search.latency import SHARES, Latencies
from lesion.compress.search.layers import run_layers
from lesion.errors import InputError
from lesion.models.cifar_resnet import Options, build
from tests.training import small_network

IMAGE = torch.zeros(1, 1, 8, 8)


def residual() -> nn.Module:
    """ResNet-8 of width 4."""
    torch.manual_seed(0)
    return build(Options(depth=8, width=4), channels=1, side=8, classes=4).eval()


def filters(model: nn.Module, share: float, seed: int) -> dict[str, Tensor]:
    """Masks that leave out random filters of all layers but the last, and never all of them."""
    generator = torch.Generator().manual_seed(seed)
    masks = {}
    for name, _, _ in [*prunable(model)][:-1]:
        weight = model.get_parameter(name)
        kept = torch.rand(len(weight), generator=generator) > share
        kept[0] = True
        masks[name] = kept.reshape(-1, *[1] * (weight.dim() - 1)).expand_as(weight)
    return masks


def spent(costs: Costs, masks: Mapping[str, Tensor]) -> float:
    return costs.of_counts(lambda _: dict(masks), ["all"])({"all": 0})


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("budget", ["weights", "multiply-adds"])
def test_without_whole_channels_a_network_costs_what_the_smaller_one_does(budget: str, seed: int) -> None:
    for model in (small_network().eval(), residual()):
        masks = filters(model, 0.5, seed)
        smaller = copy.deepcopy(model)
        sets = find_channels(smaller, IMAGE)
        kept = []
        for channels in sets:
            rows = [masks[part.name].flatten(1).any(1)[part.index].any(1) for part in channels.writers
                    if part.name in masks]  # fmt: skip
            if not channels.fixed and rows:
                kept.append((channels, torch.stack(rows).any(0)))
        shrink(smaller, kept)
        # of what is left, filters without weights still cost nothing: the others of their set are in use
        zeros = {name: smaller.get_parameter(name) for name, _, _ in prunable(smaller)}
        masked = copy.deepcopy(model)
        with torch.no_grad():
            for name, mask in masks.items():
                masked.get_parameter(name).fill_(1.0).mul_(mask)
            masked.get_parameter([*prunable(masked)][-1][0]).fill_(1.0)
        shrink(masked, kept)
        uses = uses_of_weights(masked, (1, 8, 8))
        expected = 0.0
        for name in zeros:
            rows_left = (masked.get_parameter(name) != 0).flatten(1).sum(1)
            expected += float((rows_left * (uses[name] if budget == "multiply-adds" else 1)).sum())
        costs = Costs(model, IMAGE, budget, whole_units=True)  # type: ignore[arg-type]
        assert spent(costs, masks) == expected


def test_single_weights_count_on_their_own_where_units_are_not_pruned() -> None:
    model = small_network().eval()
    generator = torch.Generator().manual_seed(1)
    masks = {name: torch.rand(model.get_parameter(name).shape, generator=generator) > 0.5
             for name, _, _ in prunable(model)}  # fmt: skip
    masks["0.weight"][1] = False
    uses = uses_of_weights(model, (1, 8, 8))
    costs = Costs(model, IMAGE, "multiply-adds", whole_units=False)
    assert spent(costs, masks) == sum(int(uses[name] @ mask.flatten(1).sum(1)) for name, mask in masks.items())
    assert sum(costs.dense.values()) == sum(
        int(uses[name].sum()) * (model.get_parameter(name).numel() // len(uses[name])) for name in uses
    )


# latency


def test_a_table_rises_with_channels_and_is_read_between_its_entries() -> None:
    model = small_network().eval()
    times = Latencies(model, IMAGE)
    for name in ("0.weight", "3.weight", "7.weight"):
        outputs, inputs = model.get_parameter(name).shape[:2]
        assert times(name, 0, inputs) == times(name, outputs, 0) == 0
        found = [[times(name, a, b) for b in range(1, inputs + 1)] for a in range(1, outputs + 1)]
        values = torch.tensor(found, dtype=torch.float64)
        assert (values > 0).all()
        assert (values.diff(dim=0) >= 0).all()
        assert (values.diff(dim=1) >= 0).all()
    table, (outputs, inputs) = times._tables["3.weight"], (6, 4)
    assert times("3.weight", outputs, inputs) == table[-1, -1]
    assert times("3.weight", outputs // 2, inputs) == pytest.approx(float(table[SHARES.index(0.5), -1]))


def test_latency_falls_with_channels_and_asks_for_whole_ones() -> None:
    model = small_network().eval()
    costs = Costs(model, IMAGE, "latency", whole_units=True)
    assert 0 < spent(costs, filters(model, 0.7, 0)) <= sum(costs.dense.values())
    with pytest.raises(InputError, match="without whole channels no layer is faster"):
        Costs(model, IMAGE, "latency", whole_units=False)


def test_layers_are_found_with_the_shapes_of_their_inputs() -> None:
    found = {name: tuple(run.shape) for name, run in run_layers(residual(), IMAGE).items()}
    assert found["conv.weight"] == (1, 1, 8, 8)
    assert found["stage2.0.conv1.weight"] == (1, 4, 8, 8)
    assert found["stage2.0.conv2.weight"] == (1, 8, 4, 4)
    assert found["linear.weight"] == (1, 16)
