"""NISP: importance by hand, through convolutions, norms, pooling and sums; feature selection as a series."""

import copy
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn
from torch.nn import functional

from lesion.compress.calibration import Calibration
from lesion.compress.choice import Choice, compute_saliency
from lesion.compress.masks import MaskedNetwork
from lesion.compress.measurements.feature_ranking import inf_fs
from lesion.compress.methods import prune, prune_trained
from lesion.compress.partition import find_tied
from lesion.compress.probe import Probe
from lesion.compress.scores import nisp
from lesion.errors import InputError
from lesion.models import cifar_resnet, mlp, wide_resnet
from tests.compress import probing
from tests.compress.test_scores_of_units import probe_of, randomised, sample_of
from tests.training import random_split, sample, small_network

Array = npt.NDArray[np.float64]
GENERATOR = torch.Generator().manual_seed(4)
SQUARES = torch.randn(30, 1, 8, 8, generator=GENERATOR)


def measured(model: nn.Module, images: Tensor = SQUARES, **named: Any) -> dict[str, Tensor]:
    options = nisp.Options.read({"images": len(images)} | named, where="score")
    return nisp.measure(probe_of(copy.deepcopy(model), images), options)["importance"]


def test_a_perceptron_by_hand() -> None:
    torch.manual_seed(0)
    rows = torch.randn(30, 5, generator=GENERATOR)
    model: Any = mlp.build(mlp.Options(widths=[4, 6, 3]), features=5, classes=2).eval()
    found = measured(model, rows)
    with torch.no_grad():
        last = inf_fs(model[:6](rows)).numpy()
    last = last / last.sum()
    expected = {"4.weight": last}
    for reader, name in ((4, "2.weight"), (2, "0.weight")):
        weight, above = model[reader].weight.detach().numpy(), expected[f"{reader}.weight"]
        expected[name] = np.array([
            sum(abs(float(weight[unit, place])) * above[unit] for unit in range(len(weight)))
            for place in range(weight.shape[1])
        ])  # fmt: skip
    assert found.keys() == expected.keys()
    for name, importance in expected.items():
        np.testing.assert_allclose(found[name], importance, rtol=1e-6)


def test_a_convolution_neuron_by_neuron() -> None:
    model = randomised(
        nn.Sequential(
            nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.BatchNorm2d(3), nn.ReLU(),
            nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
            nn.Linear(16, 2),
        )
    )  # fmt: skip
    found = measured(model, last="magnitude")
    scores = model[7].weight.detach().double().abs().sum(dim=0)
    above = (scores / scores.sum()).view(4, 2, 2)
    weight = model[3].weight.detach().double().abs()
    scale = model[4].weight.detach().abs() / (model[4].running_var + model[4].eps).sqrt()
    below = torch.zeros(3, 4, 4, dtype=torch.float64)
    for out, row, column, unit, dy, dx in product(range(4), range(2), range(2), range(3), range(3), range(3)):
        y, x = 2 * row + dy - 1, 2 * column + dx - 1
        if 0 <= y < 4 and 0 <= x < 4:
            below[unit, y, x] += weight[out, unit, dy, dx] * scale[out] * above[out, row, column]
    torch.testing.assert_close(found["3.weight"], above.sum(dim=(1, 2)))
    torch.testing.assert_close(found["0.weight"], below.sum(dim=(1, 2)))


def back(layer: nn.Conv2d, norm: nn.BatchNorm2d | None, above: Tensor, side: int) -> Tensor:
    """Importance of what a 3 × 3 convolution reads, (channels, side, side), by the transposed convolution."""
    if norm is not None and norm.running_var is not None:
        above = above * (norm.weight.abs() / (norm.running_var + norm.eps).sqrt())[:, None, None]
    added = side - (above.shape[1] - 1) * layer.stride[0] - 1
    weight = layer.weight.abs().double()
    return functional.conv_transpose2d(above[None], weight, stride=layer.stride, padding=1, output_padding=added)[0]


def per_unit(importance: Tensor) -> Tensor:
    return importance.flatten(1).sum(dim=1)


@torch.no_grad()
def test_residual_sums_add_what_comes_back_from_their_readers() -> None:
    torch.manual_seed(1)
    model = randomised(cifar_resnet.build(cifar_resnet.Options(depth=8, width=4), channels=1, side=8, classes=4))
    found = measured(model, last="uniform")
    above = torch.full((16, 2, 2), 1 / 16 / 4, dtype=torch.float64)  # of 2 × 2 pixels that are averaged
    expected = {}
    for stage, side, width in ((3, 4, 8), (2, 8, 4), (1, 8, 4)):
        block = getattr(model, f"stage{stage}")[0]
        expected[f"stage{stage}.0.conv2.weight"] = per_unit(above)
        inside = back(block.conv2, block.norm2, above, above.shape[1])
        expected[f"stage{stage}.0.conv1.weight"] = per_unit(inside)
        below = back(block.conv1, block.norm1, inside, side)
        below[:, :: block.stride, :: block.stride] += above[:width]  # the shortcut drops pixels and adds channels
        above = below
    expected["conv.weight"] = per_unit(above)
    assert found.keys() == expected.keys()
    for name, importance in expected.items():
        torch.testing.assert_close(found[name], importance)


@pytest.mark.parametrize("change", [lambda model: model[0].weight.neg_(), lambda model: model[1].weight.neg_()])
@torch.no_grad()
def test_signs_do_not_count(change: Callable[[Any], object]) -> None:
    model = randomised(nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 6), nn.Flatten(),
                                     nn.Linear(2, 2)))  # fmt: skip
    before = measured(model, last="uniform")
    change(model)
    assert all(torch.equal(before[name], after) for name, after in measured(model, last="uniform").items())


@pytest.mark.parametrize(("most", "mean"), [(nn.MaxPool2d(2), nn.AvgPool2d(2)),
                                            (nn.AdaptiveMaxPool2d(2), nn.AdaptiveAvgPool2d(2))])  # fmt: skip
def test_a_maximum_gives_its_importance_to_all_in_its_window(most: nn.Module, mean: nn.Module) -> None:
    torch.manual_seed(2)
    first, second, last = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 4, 2), nn.Linear(4, 2)
    found = []
    for pool in (most, mean):
        size = 2 if isinstance(pool, nn.AdaptiveMaxPool2d | nn.AdaptiveAvgPool2d) else 4
        more: list[nn.Module] = [] if size == 2 else [nn.AvgPool2d(2)]
        model = nn.Sequential(first, nn.ReLU(), pool, *more, second, nn.Flatten(), last).eval()
        found.append([*measured(model, last="uniform").values()])
    for of_maxima, of_means in zip(*found, strict=True):
        torch.testing.assert_close(of_maxima, of_means)


def test_infinite_feature_selection_is_the_sum_over_all_paths() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(40, 5)) @ rng.normal(size=(5, 7)) * rng.uniform(0.2, 2, size=7)
    deviation = values.std(axis=0, ddof=1)
    graph = np.zeros((7, 7))
    for one, other in product(range(7), repeat=2):
        spread = (max(deviation[one], deviation[other]) - deviation.min()) / (deviation.max() - deviation.min())
        graph[one, other] = 0.5 * (1 - abs(spearmanr(values[:, one], values[:, other]).statistic)) + 0.5 * spread
    graph *= 0.9 / np.abs(np.linalg.eigvals(graph)).max()
    paths, power = np.zeros((7, 7)), np.eye(7)
    for _ in range(400):
        power = power @ graph
        paths += power
    np.testing.assert_allclose(inf_fs(torch.from_numpy(values)), paths.sum(axis=1), rtol=1e-8)


def test_features_that_do_not_vary_get_nothing() -> None:
    values = torch.randn(20, 4, generator=GENERATOR, dtype=torch.float64)
    values[:, 2] = 3.0
    found = inf_fs(values)
    assert found[2] == 0
    torch.testing.assert_close(found[[0, 1, 3]], inf_fs(values[:, [0, 1, 3]]))
    assert torch.equal(inf_fs(torch.ones(5, 2)), torch.zeros(2, dtype=torch.float64))
    assert inf_fs(values[:, :1]).isfinite().all()


@pytest.mark.parametrize("shape", ["filter", "channel"])
@pytest.mark.parametrize("family", ["resnet", "wide"])
def test_the_least_important_units_of_a_network_leave(shape: str, family: str) -> None:
    torch.manual_seed(5)
    if family == "resnet":
        model = cifar_resnet.build(cifar_resnet.Options(depth=8, width=4), channels=1, side=8, classes=4)
    else:
        model = wide_resnet.build(wide_resnet.Options(depth=10, width=1, dropout=0.0), channels=1, side=8, classes=4)
    units, channels = find_tied(model, SQUARES[:1], shape)
    network = MaskedNetwork(model, units=units, channels=channels)
    probe = Probe(network, sample_of(SQUARES), seed=0)
    with torch.no_grad():
        importance = compute_saliency({"name": "nisp", "images": 30}, probe).measured["importance"]
        Choice(probe, score={"name": "nisp", "images": 30}, shape=shape, allocation="uniform").prune(
            0.5, monotone=False
        )
    masks = {name: mask.flatten(1).any(dim=1) for name, mask in probe.network.masks().items()}
    inside = [name for name in masks if "conv1" in name]
    assert inside
    for name in inside:
        kept, scores = masks[name], importance[name]
        assert int(kept.sum()) == len(kept) // 2
        assert scores[kept].min() >= scores[~kept].max()
    assert masks[[*masks][-1]].all()


def test_masks_count() -> None:
    rows = torch.randn(30, 5, generator=GENERATOR)
    torch.manual_seed(0)
    model: Any = mlp.build(mlp.Options(widths=[4, 3]), features=5, classes=2).eval()
    probe = probe_of(model, rows)
    masks = probe.network.masks()
    masks["2.weight"][:, 1] = False
    probe.network.set(masks)
    found = nisp.measure(probe, nisp.Options(images=30, last="uniform"))["importance"]
    assert found["0.weight"][1] == 0
    assert (found["0.weight"] > 0).sum() == 3


def test_where_importance_depends_on_the_image_it_is_refused() -> None:
    probe, _ = probing.attention()
    with pytest.raises(InputError, match=r"score nisp: the importance of .* depends on the image"):
        nisp.measure(probe, nisp.Options(images=5))
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Conv2d(3, 2, 1))
    with pytest.raises(InputError, match="reads no row of features"):
        measured(model)


def test_a_training_with_it_ends_with_half_of_the_filters() -> None:
    split = random_split()
    model = small_network()
    options = prune.Options(
        sparsity=0.5, score={"name": "nisp", "images": 20}, shape="filter", allocation="uniform",
        schedule={"name": "one-shot", "at": 0.5},
    )  # fmt: skip
    method = prune.Training(model, options, steps=2, sample=sample(split), examples=len(split.label), seed=0)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(2):
        method.before_step(step, optimiser)
    method.finish()
    weights = [model.get_parameter(name) for name in ("0.weight", "3.weight")]
    assert [int(weight.flatten(1).any(dim=1).sum()) for weight in weights] == [2, 3]


@pytest.mark.parametrize("shape", ["filter", "channel"])
def test_a_trained_network_loses_half_of_its_filters(shape: str) -> None:
    options = prune_trained.Options(
        of="dense", sparsity=0.5, score={"name": "nisp", "images": 20}, shape=shape, allocation="uniform"
    )
    state = small_network(3).state_dict()
    found = prune_trained.compressor(small_network().eval(), options, Calibration(random_split(), 0))(state)
    assert [int(found[name].flatten(1).any(dim=1).sum()) for name in ("0.weight", "3.weight", "7.weight")] == [2, 3, 4]
