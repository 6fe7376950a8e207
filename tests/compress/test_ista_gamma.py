from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lesion import plugins
from lesion.compress.channels.find import find_channels
from lesion.compress.masks import MaskedNetwork
from lesion.compress.probe import Probe
from lesion.compress.regularisers.ista_gamma import Options, Regulariser
from lesion.compress.scales import Scales, find_scales, memory, positions, rescale
from lesion.compress.units import find_units
from lesion.errors import InputError
from tests.training import RECIPE, STEPS, Watched, effective, method_of, recipe, sample, small_network, train

ISTA = {"name": "ista-gamma", "strength": 0.3, "cost": "memory", "rescale": 0.5, "begin": 0.0, "end": 1.0}
IMAGES = torch.randn(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
FAMILIES: dict[str, dict[str, Any]] = {
    "small-cnn": {"name": "small-cnn", "widths": [4, 6]},
    "cifar-resnet": {"name": "cifar-resnet", "depth": 8, "width": 4},
    "wide-resnet": {"name": "wide-resnet", "depth": 10, "width": 1},
}


def built(family: str) -> nn.Module:
    """A network whose norms are not as at first, in evaluation mode."""
    torch.manual_seed(0)
    options = plugins.options("model", FAMILIES[family], where="model")
    model: nn.Module = plugins.load("model", FAMILIES[family]["name"]).build(options, channels=1, side=8, classes=4)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.get_buffer("running_mean"))
    return model.eval()


def scales_of(model: nn.Module) -> list[Scales]:
    return find_scales(find_channels(model, IMAGES[:1]), find_units(model, IMAGES[:1]), model)


def regulariser(model: nn.Module, **options: Any) -> Regulariser:
    chosen = Options.model_validate({key: value for key, value in (ISTA | options).items() if key != "name"})
    return Regulariser(chosen, Probe(MaskedNetwork(model), sample(), seed=0), steps=STEPS, examples=70)


def learn(**options: Any) -> dict[str, Any]:
    return {"method": "learn-masks", "regulariser": ISTA | options}


@pytest.mark.parametrize(
    ("family", "writers"),
    [
        ("small-cnn", ["0.weight", "3.weight"]),
        ("cifar-resnet", [f"stage{stage}.0.conv1.weight" for stage in (1, 2, 3)]),
        ("wide-resnet", [f"stage{stage}.0.conv1.weight" for stage in (1, 2, 3)]),
    ],
)
def test_norms_between_two_layers_have_scales_and_those_before_a_sum_have_none(family: str, writers: list[str]) -> None:
    assert [scales.writer for scales in scales_of(built(family))] == writers


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("factor", [0.01, 0.5, 3.0])
def test_a_rescaled_network_computes_the_same(family: str, factor: float) -> None:
    model = built(family).double()
    inputs = IMAGES.double()
    with torch.no_grad():
        before = model(inputs)
        found = find_scales(find_channels(model, inputs[:1]), find_units(model, inputs[:1]), model)
        for one in found:
            rescale(one, {name: value.detach() for name, value in model.named_parameters()}, factor)
        after = model(inputs)
    assert found
    torch.testing.assert_close(after, before, rtol=1e-9, atol=1e-9)


def test_memory_counts_the_weights_and_positions_of_a_channel() -> None:
    model = built("small-cnn")
    weights = {name: value.detach() for name, value in model.named_parameters()}
    one, other = scales_of(model)
    assert positions(model, IMAGES[:1], [one.norm, other.norm]) == [16, 4]
    # 3 × 3 windows of one channel; 6 filters of 3 × 3 read it; 4 × 4 positions; 8 × 8 pixels
    assert memory(one, weights, 16, 64) == pytest.approx((9 + 6 * 9 + 16) / 64)
    # windows of 4 channels; 4 classes read it at 2 × 2 positions
    assert memory(other, weights, 4, 64) == pytest.approx((4 * 9 + 4 * 4 + 4) / 64)


def test_gamma_moves_as_published_and_nothing_else_is_touched() -> None:
    """One training, with γ recomputed from its gradients: no momentum, no weight decay, a threshold of η ρ λ."""
    model = small_network()
    names = ("1.weight", "4.weight")
    costs = {"1.weight": 79 / 64, "4.weight": 56 / 64}
    found: list[tuple[dict[str, np.ndarray[Any, Any]], dict[str, np.ndarray[Any, Any]], float]] = []

    def look(step: int, optimiser: torch.optim.Optimizer) -> None:
        if step == 0:
            optimiser.register_step_pre_hook(before_step)

    def before_step(optimiser: torch.optim.Optimizer, *_: Any) -> None:
        values = {name: model.get_parameter(name).detach().double().numpy().copy() for name in names}
        slopes = {
            name: gradient.double().numpy().copy()
            for name in names
            if (gradient := model.get_parameter(name).grad) is not None
        }
        found.append((values, slopes, optimiser.param_groups[0]["lr"]))

    method = method_of(model, learn(rescale=1.0, begin=0.25, end=0.75))
    train(model, Watched(method, before=look), recipe(weight_decay=0.1))
    assert len(found) == STEPS
    for step, ((values, slopes, rate), (after, _, _)) in enumerate(pairwise(found)):
        for name in names:
            threshold = rate * 0.3 * costs[name] if STEPS / 4 <= step < STEPS * 3 / 4 else 0.0
            z = values[name] - rate * slopes[name]
            expected = np.sign(z) * np.maximum(np.abs(z) - threshold, 0)
            if step >= STEPS * 3 / 4:
                expected[values[name] == 0] = 0.0
            assert after[name] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("rescale", "end", "strength"), [(1.0, 1.0, 0.6), (0.5, 1.0, 0.35), (0.5, 0.75, 0.35)])
def test_channels_without_scale_are_pruned_and_the_network_computes_what_it_did(
    rescale: float, end: float, strength: float
) -> None:
    model, plain = small_network(), small_network()
    variant = learn(rescale=rescale, end=end, strength=strength)
    watched = Watched(method_of(model, variant))
    finish, logits = watched.finish, dict[str, Tensor]()

    def look() -> None:
        with torch.no_grad():
            logits["before"] = model.eval()(IMAGES)
        finish()

    watched.finish = look
    train(model, watched, recipe(rate=0.1))
    with torch.no_grad():
        torch.testing.assert_close(model(IMAGES), logits["before"], rtol=1e-4, atol=1e-4)
    weights, dead = effective(model), 0
    for layer, norm in (("0.weight", "1.weight"), ("3.weight", "4.weight")):
        gamma = model.get_parameter(norm).detach()
        assert torch.equal((weights[layer] == 0).flatten(1).all(1), gamma == 0)
        dead += int((gamma == 0).sum())
    assert 0 < dead < 10
    assert set(model.state_dict()) == set(plain.state_dict())
    assert not any(parametrize.is_parametrized(module) for module in model.modules())


def test_a_stronger_penalty_prunes_more() -> None:
    def zeros(strength: float) -> int:
        model = small_network()
        train(model, method_of(model, learn(strength=strength)), RECIPE)
        return sum(int((weight == 0).sum()) for weight in effective(model).values())

    assert zeros(0.001) < zeros(3.0)


@pytest.mark.parametrize("activation", [nn.Sigmoid(), nn.ReLU6()])
def test_a_rescaling_that_changes_the_network_is_refused(activation: nn.Module) -> None:
    def network() -> nn.Module:
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), activation, nn.Flatten(), nn.Linear(108, 4))

    with pytest.raises(InputError, match="rescale changes what this network computes"):
        regulariser(network())
    regulariser(network(), rescale=1.0)


def test_a_network_without_such_norms_is_refused() -> None:
    with pytest.raises(InputError, match="no batch norm stands between two layers"):
        regulariser(nn.Sequential(nn.Flatten(), nn.Linear(64, 4)))


def test_the_end_comes_after_the_beginning() -> None:
    with pytest.raises(InputError, match="end must come after begin"):
        plugins.options("regulariser", ISTA | {"begin": 0.5, "end": 0.5}, where="regulariser")


def test_all_scales_cost_the_same_where_memory_does_not_count() -> None:
    model = small_network()
    equal = regulariser(model, cost="equal")
    assert {move.keywords["strength"] for move in equal._moves.values()} == {0.3}
