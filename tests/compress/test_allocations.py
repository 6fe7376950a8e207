"""How much of each tensor is pruned, against sorting the whole network, and against solving for ε by bisection."""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Size

from lesion.compress.allocations import erk, global_ranking, uniform
from lesion.compress.grouping import Groups
from lesion.errors import InputError

SPARSITIES = st.floats(0.01, 0.99)
SHAPES = st.lists(st.lists(st.integers(1, 12), min_size=2, max_size=4).map(Size), min_size=1, max_size=6)


def single(saliency: list[float]) -> Groups:
    """Weights on their own, in one row."""
    return Groups(Size([len(saliency), 1]), torch.tensor([saliency]), size=1)


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Groups]:
    """Tensors of groups of one to four weights, many of them tied."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels, members = draw(st.sampled_from([2, 5, 10**6])), draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    made = {}
    for index, each in enumerate(members):
        groups = draw(st.integers(1, 15))
        saliency = torch.tensor(rng.integers(0, levels, (1, groups)) / levels, dtype=torch.float32)
        made[f"{index}.weight"] = Groups(Size([groups, each]), saliency, each)
    return made


def ranked(network: Mapping[str, Groups], sparsity: float, count: str = "weights") -> dict[str, int]:
    """From the bottom of one list of all groups, without the last of the best of each tensor that has several."""
    size = {name: groups.size if count == "weights" else 1 for name, groups in network.items()}
    listed = []
    for tensor, (name, groups) in enumerate(network.items()):
        [row] = groups.saliency.tolist()
        best = max(range(len(row)), key=lambda place: (row[place], place)) if len(row) > 1 else None
        listed += [(row[place], tensor, place, name) for place in range(len(row)) if place != best]
    room = round(sparsity * sum(size[name] * groups.shape[0] for name, groups in network.items()))
    counts = dict.fromkeys(network, 0)
    for *_, name in sorted(listed):
        room -= size[name]
        if room < 0:
            break
        counts[name] += 1
    return counts


def kept_one(count: int, groups: Groups) -> int:
    """One less where that is all of several."""
    return count - (count == groups.shape[0] > 1)


@given(networks(), SPARSITIES)
def test_uniform_prunes_every_tensor_alike(network: dict[str, Groups], sparsity: float) -> None:
    counts = uniform.allocate(network, sparsity, uniform.Options())
    assert counts == {name: kept_one(round(sparsity * groups.shape[0]), groups) for name, groups in network.items()}


def test_uniform_prunes_each_row_alike() -> None:
    rows = Groups(Size([3, 8]), torch.rand(6, 4), size=1)
    assert uniform.allocate({"a": rows}, 0.5, uniform.Options()) == {"a": 2}


@settings(max_examples=200)
@given(networks(), SPARSITIES)
def test_globally_the_least_of_the_whole_network_go(network: dict[str, Groups], sparsity: float) -> None:
    assert global_ranking.allocate(network, sparsity, global_ranking.Options()) == ranked(network, sparsity)
    groups = global_ranking.Options(count="groups")
    assert global_ranking.allocate(network, sparsity, groups) == ranked(network, sparsity, "groups")


def test_a_share_of_channels_is_another_share_of_weights() -> None:
    small, large = (Groups(Size([4, size]), torch.tensor([saliency]), size) for size, saliency in (
        (9, [0.1, 0.2, 0.3, 0.9]), (100, [0.4, 0.5, 0.6, 0.8]),
    ))  # fmt: skip
    network = {"small": small, "large": large}
    groups = global_ranking.Options(count="groups")
    assert global_ranking.allocate(network, 0.5, groups) == {"small": 3, "large": 1}  # 127 of 436 weights
    assert global_ranking.allocate(network, 0.5, global_ranking.Options()) == {"small": 3, "large": 1}
    assert global_ranking.allocate(network, 0.6, groups) == {"small": 3, "large": 2}
    assert global_ranking.allocate(network, 0.6, global_ranking.Options()) == {"small": 3, "large": 2}


@given(networks(), SPARSITIES)
def test_globally_no_tensor_of_several_groups_is_lost(network: dict[str, Groups], sparsity: float) -> None:
    counts = global_ranking.allocate(network, sparsity, global_ranking.Options())
    total = sum(groups.shape.numel() for groups in network.values())
    assert sum(count * network[name].size for name, count in counts.items()) <= round(sparsity * total)
    for name, groups in network.items():
        assert counts[name] < groups.shape[0] or groups.shape[0] == 1


@given(st.lists(st.integers(20, 60), min_size=2, max_size=5), st.floats(0.01, 0.9), st.integers(0, 99))
def test_globally_exactly_the_asked_number_of_weights_goes(sizes: list[int], sparsity: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = {str(index): single(rng.integers(0, 3, size).tolist()) for index, size in enumerate(sizes)}
    counts = global_ranking.allocate(network, sparsity, global_ranking.Options())
    assert sum(counts.values()) == round(sparsity * sum(sizes))


def test_globally_a_whole_layer_may_go_and_the_best_of_several_groups_may_not() -> None:
    network = {"layer": single([0.1]), "ties": single([0.2, 0.2, 0.2]), "last": single([0.3, 0.9])}
    assert global_ranking.allocate(network, 0.99, global_ranking.Options()) == {"layer": 1, "ties": 2, "last": 1}


def test_globally_there_is_no_choice_between_rows() -> None:
    rows = {"0.weight": Groups(Size([4, 4]), torch.rand(4, 4), size=1)}
    with pytest.raises(InputError, match=r"^allocation global-ranking: 0\.weight is pruned in rows"):
        global_ranking.allocate(rows, 0.5, global_ranking.Options())


def by_bisection(shapes: Mapping[str, Size], density: float) -> dict[str, float]:
    """min(1, ε · Σ dimensions / Π dimensions) with the ε that leaves as many weights as asked, found by halving."""
    raw = {name: sum(shape) / shape.numel() for name, shape in shapes.items()}
    total = sum(shape.numel() for shape in shapes.values())
    low, high = 0.0, 1 / min(raw.values())
    for _ in range(200):
        middle = (low + high) / 2
        left = sum(min(1, middle * raw[name]) * shape.numel() for name, shape in shapes.items())
        low, high = (middle, high) if left < density * total else (low, middle)
    return {name: min(1.0, high * raw[name]) for name in shapes}


def numbered(shapes: list[Size]) -> dict[str, Size]:
    return {str(index): shape for index, shape in enumerate(shapes)}


@settings(max_examples=200)
@given(SHAPES, SPARSITIES)
def test_erk_is_the_solution_of_its_equation(drawn: list[Size], density: float) -> None:
    shapes = numbered(drawn)
    assert erk.densities(shapes, density) == pytest.approx(by_bisection(shapes, density), rel=1e-6, abs=1e-9)


@given(SHAPES, SPARSITIES)
def test_erk_leaves_as_much_as_asked_and_nothing_is_denser_than_dense(drawn: list[Size], density: float) -> None:
    shapes = numbered(drawn)
    found = erk.densities(shapes, density)
    total = sum(shape.numel() for shape in shapes.values())
    left = sum(found[name] * shape.numel() for name, shape in shapes.items())
    assert left == pytest.approx(density * total, rel=1e-9)
    assert all(0 < value <= 1 + 1e-12 for value in found.values())


def test_erk_by_hand() -> None:
    # ε = 50 / (7 + 19) would keep 13 of the first's 10 weights: it is dense, and the other 40 are the second's
    shapes = {"small": Size([2, 5]), "large": Size([10, 9])}
    assert erk.densities(shapes, 0.5) == {"small": 1.0, "large": pytest.approx(40 / 90)}


@given(SHAPES, SPARSITIES)
def test_erk_prunes_the_nearest_number_of_weights(drawn: list[Size], sparsity: float) -> None:
    shapes = numbered(drawn)
    network = {name: Groups(shape, torch.rand(1, shape.numel()), size=1) for name, shape in shapes.items()}
    counts = erk.allocate(network, sparsity, erk.Options())
    solved = by_bisection(shapes, 1 - sparsity)
    kept_back = 0
    for name, count in counts.items():
        size, wanted = shapes[name].numel(), (1 - solved[name]) * shapes[name].numel()
        nearest = round(wanted)
        one_is_left = count == size - 1 and nearest == size > 1
        kept_back += one_is_left
        assert count < size or size == 1
        assert one_is_left or abs(count - wanted) <= 0.5 + 1e-6
        if solved[name] == 1:
            assert count == 0
    total = sum(shape.numel() for shape in shapes.values())
    error = sum(counts.values()) + kept_back - Fraction(sparsity) * total
    assert abs(error) <= Fraction(len(shapes), 2) + Fraction(1, 10**6)


@given(SHAPES, SPARSITIES, SPARSITIES)
def test_erk_never_gives_back_what_it_took(drawn: list[Size], one: float, other: float) -> None:
    network = {name: Groups(shape, torch.rand(1, shape.numel()), size=1) for name, shape in numbered(drawn).items()}
    less, more = (erk.allocate(network, sparsity, erk.Options()) for sparsity in sorted((one, other)))
    assert all(less[name] <= more[name] for name in network)  # monotone schedules count on it
