from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from lesion.compress.activations import Activations, activations
from lesion.compress.choice import compute_saliency
from lesion.compress.masks import MaskedNetwork
from lesion.compress.methods import prune
from lesion.compress.probe import Batch, Probe, Sampler
from lesion.compress.scores import geometric_median
from lesion.compress.units import find_units
from lesion.data import sample as data_sample
from lesion.errors import InputError
from lesion.models import cifar_resnet
from lesion.plugins import Named
from lesion.train.loop import fit
from lesion.train.seeds import Seeds
from tests.training import RECIPE, random_split


def randomised(model: nn.Module, seed: int = 0) -> Any:
    """The model with batch norms in which nothing is 0 or 1, in evaluation mode."""
    torch.manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
            module.running_mean, module.running_var = torch.randn(len(module.bias)), torch.rand(len(module.bias)) + 0.5
    return model.eval()


def sample_of(images: Tensor) -> Sampler:
    """The first of the images, in parts of three."""

    def sample(count: int, seed: int) -> list[Batch]:
        starts = range(0, min(count, len(images)), 3)
        parts = [images[start : min(start + 3, count)] for start in starts]
        return [(part, torch.zeros(len(part), dtype=torch.int64)) for part in parts]

    return sample


def probe_of(model: nn.Module, images: Tensor) -> Probe:
    return Probe(MaskedNetwork(model, units=find_units(model, images[:1])), sample_of(images), seed=0)


def watched(model: nn.Module, images: Tensor) -> dict[str, Activations]:
    return activations(probe_of(model, images), len(images))


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected.double(), rtol=1e-5, atol=1e-6)


def check(found: Activations, values: Tensor) -> None:
    """The statistics are those of the values, (n, units, ...)."""
    values = values.detach().double().movedim(1, 0).flatten(1)
    close(found.absolute, values.abs().mean(dim=1))
    close(found.positive, (values > 0).double().mean(dim=1))
    close(found.variance, values.var(dim=1, correction=0))


IMAGES = torch.randn(7, 2, 4, 4, generator=torch.Generator().manual_seed(1))


def activations_by_hand(model: nn.Module, images: Tensor) -> dict[str, list[list[float]]]:
    """All that each unit of convolution, norm, rectifier and linear layer gives, one number at a time."""
    state = {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}
    units: dict[str, list[list[float]]] = {"0.weight": [[] for _ in range(3)], "4.weight": [[] for _ in range(5)]}
    for image in images.double().numpy():
        flat = []
        for unit, row, column in product(range(3), range(2), range(2)):
            patch = image[:, row : row + 3, column : column + 3]
            value = (patch * state["0.weight"][unit]).sum() + state["0.bias"][unit] - state["1.running_mean"][unit]
            value /= np.sqrt(state["1.running_var"][unit] + 1e-5)
            flat.append(max(0.0, value * state["1.weight"][unit] + state["1.bias"][unit]))
            units["0.weight"][unit].append(flat[-1])
        for unit in range(5):
            units["4.weight"][unit].append(float(np.dot(state["4.weight"][unit], flat) + state["4.bias"][unit]))
    return units


@pytest.mark.parametrize(
    ("name", "statistic"),
    [
        ("activation-mean", lambda values: sum(abs(value) for value in values) / len(values)),
        ("apoz", lambda values: 1 - sum(value <= 0 for value in values) / len(values)),
        ("activation-variance", np.var),
    ],
)
@pytest.mark.parametrize("images", [7, 4])
def test_scores_of_activations_are_what_a_loop_finds(
    name: str, statistic: Callable[[list[float]], float], images: int
) -> None:
    model = randomised(nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 5)))
    expected = activations_by_hand(model, IMAGES[:images])
    saliency = compute_saliency({"name": name, "images": images}, probe_of(model, IMAGES)).values
    assert saliency.keys() == expected.keys()
    for weight, units in expected.items():
        assert saliency[weight].shape == model.get_submodule(weight[0]).weight.shape
        for values, channel in zip(units, saliency[weight].flatten(1), strict=True):
            assert channel.tolist() == pytest.approx([statistic(values)] * channel.numel(), rel=1e-5, abs=1e-7)


class Functional(nn.Module):
    """A convolution, a norm and a function."""

    def __init__(self, function: Callable[[Tensor], Tensor], *, norm: bool = True) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 6, 3), nn.BatchNorm2d(6) if norm else nn.Identity()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.norm(self.conv(x)))


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize(
    ("function", "clamps"),
    [
        (nn.ReLU(inplace=True), True), (nn.ReLU(), True), (Tensor.relu_, True), (torch.relu, True), (torch.relu_, True),
        (lambda x: functional.relu(input=x), True), (functional.relu6, True), (nn.ReLU6(inplace=True), True),
        (functional.hardtanh_, True), (nn.GELU(), False), (nn.SiLU(inplace=True), False), (nn.Hardswish(), False),
        (functional.leaky_relu_, False), (nn.PReLU(), False), (functional.elu, False), (torch.sigmoid, False),
        (Tensor.tanh_, False),
    ],
)  # fmt: skip
def test_an_activation_is_what_the_activation_function_gives(
    function: Callable[[Tensor], Tensor], clamps: bool, norm: bool
) -> None:
    model = randomised(Functional(function, norm=norm))
    with torch.no_grad():
        read = model.norm(model.conv(IMAGES))
        given = function(read.clone())
    found = watched(model, IMAGES)["conv.weight"]
    check(found, given)
    close(found.constant, (given if clamps else read).mean(dim=(0, 2, 3)))
    if clamps:
        close(function(found.constant.clone()), found.constant)


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize(
    "function", [lambda x: x, lambda x: x + 1, lambda x: x.mul_(2).relu_(), lambda x: (-x).relu(), nn.MaxPool2d(2)]
)
def test_without_an_activation_function_that_reads_it_itself_it_is_the_norms_or_the_layers_output(
    function: Callable[[Tensor], Tensor], norm: bool
) -> None:
    model = randomised(Functional(function, norm=norm))
    with torch.no_grad():
        given = model.norm(model.conv(IMAGES))
    found = watched(model, IMAGES)["conv.weight"]
    check(found, given)
    close(found.constant, given.mean(dim=(0, 2, 3)))


def test_of_two_activation_functions_the_first_counts() -> None:
    model = randomised(Functional(lambda x: torch.tanh(x) + torch.relu(x)))
    check(watched(model, IMAGES)["conv.weight"], torch.tanh(model.norm(model.conv(IMAGES))))


def test_activations_of_a_residual_block_are_rectified_first_and_then_the_norms_output() -> None:
    model = randomised(cifar_resnet.build(cifar_resnet.Options(depth=8, width=3), channels=2, side=4, classes=3))
    with torch.no_grad():
        x = torch.relu(model.norm(model.conv(IMAGES)))
        block = model.stage1[0]
        inside = torch.relu(block.norm1(block.conv1(x)))
        last = block.norm2(block.conv2(inside))
        logits = model(IMAGES)
    assert (last < 0).any()
    found = watched(model, IMAGES)
    check(found["conv.weight"], x)
    check(found["stage1.0.conv1.weight"], inside)
    check(found["stage1.0.conv2.weight"], last)
    check(found["linear.weight"], logits)
    assert len(found) == 8


def test_units_of_a_transformer_are_the_last_dimension_and_its_attention_is_left_out() -> None:
    torch.manual_seed(0)
    model = nn.TransformerEncoderLayer(4, 2, dim_feedforward=6, batch_first=True).eval()
    tokens = torch.randn(7, 5, 4)
    seen: list[Tensor] = []
    handle = model.linear1.register_forward_hook(lambda _, __, output: seen.append(output.detach().clone()))
    model(tokens)
    handle.remove()
    found = watched(model, tokens)
    assert list(found) == ["linear1.weight", "linear2.weight"]
    check(found["linear1.weight"], seen[0].relu().transpose(1, 2))


def test_activations_are_those_under_the_masks_and_leave_no_trace() -> None:
    model = randomised(nn.Sequential(Functional(torch.relu), nn.Conv2d(6, 3, 1))).train()
    probe = probe_of(model, IMAGES)
    dense = activations(probe, 7)
    kept = torch.tensor([False, True, True, False, True, True])
    probe.network.set({"0.conv.weight": kept[:, None, None, None].expand(6, 2, 3, 3)})
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    sparse = activations(probe, 7)
    first = "0.conv.weight"
    assert (sparse[first].absolute[~kept] == 0).all()
    assert (sparse[first].positive[~kept] == 0).all()
    close(sparse[first].variance[kept], dense[first].variance[kept])
    assert not torch.isclose(sparse["1.weight"].variance, dense["1.weight"].variance).any()
    assert model.training
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


@settings(max_examples=30)
@given(units=st.integers(1, 40), inputs=st.integers(1, 3), large=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_the_geometric_median_score_is_what_a_double_loop_finds(
    units: int, inputs: int, large: bool, seed: int
) -> None:
    weight = torch.randn(units, inputs, 2, 2, generator=torch.Generator().manual_seed(seed))
    if large:  # far from the origin, near to each other
        weight = 1000 + weight / 100
    filters = weight.double().flatten(1).tolist()
    expected = [sum(sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) ** 0.5 for y in filters) for x in filters]
    found = geometric_median.score(weight)
    assert found.shape == weight.shape
    torch.testing.assert_close(
        found.double(), torch.tensor(expected).double()[:, None, None, None].expand(weight.shape), rtol=1e-5, atol=1e-6
    )


def test_the_median_of_numbers_is_the_most_redundant() -> None:
    numbers = torch.tensor([[5.0], [-40.0], [1.0], [100.0], [2.0]])
    assert geometric_median.score(numbers).flatten().argsort().tolist()[0] == 4


def test_bn_scale_is_the_absolute_scale_under_the_mask_and_leaves_out_what_has_no_norm() -> None:
    model = randomised(nn.Sequential(Functional(torch.relu), nn.Conv2d(6, 3, 1)))
    scale = [abs(value) for value in model[0].norm.weight.tolist()]
    probe = probe_of(model, IMAGES)
    probe.network.set({"0.conv.weight": torch.zeros(6, 2, 3, 3, dtype=torch.bool)})
    saliency = compute_saliency("bn-scale", probe).values
    assert list(saliency) == ["0.conv.weight"]
    assert saliency["0.conv.weight"].tolist() == [[[[value] * 3] * 3] * 2 for value in scale]
    with pytest.raises(InputError, match="bn-scale: in this network no batch norm reads the output of a layer"):
        compute_saliency("bn-scale", probe_of(Functional(torch.relu, norm=False), IMAGES))


def unpadded() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 5, 3), nn.BatchNorm2d(5), nn.ReLU(),
        nn.Flatten(), nn.Linear(5 * 16, 4),
    )  # fmt: skip


def without_pruned_filters(model: Any) -> nn.Sequential:
    """A smaller network that computes the same: what pruned filters give is added to the bias of the next layer."""
    conv1, norm1, _, conv2, norm2, _, _, linear = model
    kept1, kept2 = (conv.weight.detach().flatten(1).any(dim=1) for conv in (conv1, conv2))
    constant1, constant2 = (norm.bias.detach().relu() for norm in (norm1, norm2))
    by_channel = linear.weight.detach().unflatten(1, (5, 16))
    small = nn.Sequential(
        nn.Conv2d(1, int(kept1.sum()), 3, bias=False), nn.BatchNorm2d(int(kept1.sum())), nn.ReLU(),
        nn.Conv2d(int(kept1.sum()), int(kept2.sum()), 3), nn.BatchNorm2d(int(kept2.sum())), nn.ReLU(),
        nn.Flatten(), nn.Linear(int(kept2.sum()) * 16, 4),
    )  # fmt: skip
    bias2 = conv2.bias + conv2.weight[:, ~kept1].sum(dim=(2, 3)) @ constant1[~kept1]
    tensors = {"0.weight": conv1.weight[kept1], "3.weight": conv2.weight[kept2][:, kept1], "3.bias": bias2[kept2]}
    for place, norm, kept in (("1", norm1, kept1), ("4", norm2, kept2)):
        tensors |= {f"{place}.{name}": values[kept] for name, values in norm.state_dict().items() if values.dim()}
    tensors["7.weight"] = by_channel[:, kept2].flatten(1)
    tensors["7.bias"] = linear.bias + by_channel[:, ~kept2].sum(dim=2) @ constant2[~kept2]
    small.load_state_dict(tensors | {f"{place}.num_batches_tracked": torch.tensor(0) for place in (1, 4)})
    return small


@pytest.mark.parametrize(
    ("part", "mean"),
    [
        ("bn-scale", False), ("geometric-median", False), ({"name": "activation-mean", "images": 20}, False),
        ({"name": "apoz", "images": 20}, False), ({"name": "activation-variance", "images": 20}, True),
    ],
)  # fmt: skip
def test_pruned_filters_can_be_taken_out_and_leave_the_same_function(part: Named, mean: bool) -> None:
    model, split, cpu = unpadded(), random_split(), torch.device("cpu")
    options = prune.Options(
        sparsity=0.5, score=part, shape="filter", allocation="uniform", schedule={"name": "one-shot", "at": 0.5}
    )
    method = prune.Training(
        model, options, steps=24, sample=data_sample.TrainingSampler(split, cpu, 16), examples=70, seed=3
    )
    fit(model, method, split, recipe=RECIPE, seeds=Seeds.derive(0, "s", "v", 0), device=cpu)
    gone = [~model[place].weight.detach().flatten(1).any(dim=1) for place in (0, 3)]
    assert [int(pruned.sum()) for pruned in gone] == [3, 2]
    for place, pruned in zip((1, 4), gone, strict=True):
        assert (model[place].weight[pruned] == 0).all()
        assert (model[place].bias[pruned] != 0).any() == mean
    images = torch.randn(9, 1, 8, 8)
    small = without_pruned_filters(model)
    torch.testing.assert_close(small.eval()(images), model.eval()(images), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("function", [torch.relu, torch.tanh, lambda x: x])
@pytest.mark.parametrize("norm", [True, False])
def test_a_unit_pruned_for_its_variance_gives_its_mean_from_then_on(
    function: Callable[[Tensor], Tensor], norm: bool
) -> None:
    model = randomised(nn.Sequential(Functional(function, norm=norm), nn.Flatten(), nn.Linear(24, 3)))
    with torch.no_grad():
        read = model[0].norm(model[0].conv(IMAGES))
    options = prune.Options(
        sparsity=0.5, score={"name": "activation-variance", "images": 7}, shape="filter", allocation="uniform",
        schedule="at-initialisation",
    )  # fmt: skip
    method = prune.Training(model, options, steps=1, sample=sample_of(IMAGES), examples=7, seed=0)
    method.before_step(0, torch.optim.SGD(model.parameters()))
    method.finish()
    pruned = ~model[0].conv.weight.detach().flatten(1).any(dim=1)
    assert set(function(read).var(dim=(0, 2, 3)).argsort()[:3].tolist()) == set(pruned.nonzero().flatten().tolist())
    with torch.no_grad():
        given = model[0](IMAGES)[:, pruned]
    mean = (function(read) if function is torch.relu else read).mean(dim=(0, 2, 3))[pruned]
    expected = mean if function is torch.relu else function(mean)
    torch.testing.assert_close(given, expected[None, :, None, None].expand(given.shape), rtol=1e-5, atol=1e-6)
