from typing import Any
from unittest.mock import Mock

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lesion.compress.masks import MaskedNetwork
from lesion.compress.probe import Probe
from lesion.compress.regularisers.ltp import Options, Regulariser
from lesion.errors import InputError
from tests.rounding import assert_close
from tests.training import PRODUCTS, RECIPE, Watched, effective, method_of, same, small_network, train

Array = npt.NDArray[np.float64]

LTP = {"name": "ltp", "strength": 1.0, "temperature": 0.1, "rate": 2.0, "begin": 0.0}
THRESHOLD, VARIANCE = "parametrizations.weight.1.threshold", "parametrizations.weight.1.variance"
WEIGHTS = st.lists(st.floats(-3, 3), min_size=6, max_size=6).filter(lambda values: np.var(values) > 1e-3)
THRESHOLDS = st.floats(-1, 4)
TEMPERATURES = st.floats(0.05, 2)


def regulariser_of(model: nn.Module, *, steps: int = 10, **options: Any) -> Regulariser:
    chosen = Options(**{key: value for key, value in {**LTP, **options}.items() if key != "name"})
    return Regulariser(chosen, Probe(MaskedNetwork(model), Mock(), seed=0), steps=steps, examples=7)


def linear(weights: list[float], threshold: float, **options: Any) -> tuple[nn.Linear, Regulariser]:
    """A layer of three inputs and two outputs, its gates closing by this threshold."""
    layer = nn.Linear(3, 2).double()
    layer.weight.detach().copy_(torch.tensor(weights, dtype=torch.float64).view(2, 3))
    regulariser = regulariser_of(layer, **options)
    regulariser.penalty(0)
    layer.get_parameter(THRESHOLD).detach().fill_(threshold)
    return layer, regulariser


def gates(weight: Array, threshold: float, variance: float, temperature: float) -> Array:
    return 1 / (1 + np.exp(-(weight**2 - threshold * variance) / (temperature * variance)))


def before_finish(model: nn.Module, variant: dict[str, Any], **recipe: Any) -> dict[str, Tensor]:
    """Train; the network's state as it was when the last step was done."""
    state: dict[str, Tensor] = {}
    watched = Watched(method_of(model, variant))
    finish = watched.finish

    def look() -> None:
        state.update({name: tensor.clone() for name, tensor in model.state_dict().items()})
        finish()

    watched.finish = look
    train(model, watched, RECIPE.model_copy(update=recipe))
    return state


@settings(max_examples=100)
@given(weights=WEIGHTS, threshold=THRESHOLDS, temperature=TEMPERATURES, seed=st.integers(0, 99))
def test_weights_and_gradients_are_those_of_the_formula(
    weights: list[float], threshold: float, temperature: float, seed: int
) -> None:
    layer, _ = linear(weights, threshold, temperature=temperature)
    w = np.array(weights).reshape(2, 3)
    g = gates(w, threshold, w.var(), temperature)
    coefficients = np.random.default_rng(seed).normal(size=(2, 3))
    assert layer.weight.detach().numpy() == pytest.approx(w * g, abs=1e-12)
    (layer.weight * torch.from_numpy(coefficients)).sum().backward()  # type: ignore[no-untyped-call]
    original = layer.get_parameter("parametrizations.weight.original").grad
    learned = layer.get_parameter(THRESHOLD).grad
    assert original is not None
    assert learned is not None
    assert original.numpy() == pytest.approx(coefficients * g, abs=1e-12)  # nothing through the gate

    def loss(t: float) -> float:
        return float((coefficients * w * gates(w, t, w.var(), temperature)).sum())

    step = 1e-5 * temperature
    assert learned.item() == pytest.approx((loss(threshold + step) - loss(threshold - step)) / (2 * step), abs=1e-6)


@settings(max_examples=100)
@given(weights=WEIGHTS, threshold=THRESHOLDS, temperature=TEMPERATURES, strength=st.floats(0.01, 10))
def test_the_penalty_is_the_mean_gate_and_moves_the_threshold_alone(
    weights: list[float], threshold: float, temperature: float, strength: float
) -> None:
    layer, regulariser = linear(weights, threshold, temperature=temperature, strength=strength)
    w = np.array(weights)
    g = gates(w, threshold, w.var(), temperature)
    penalty = regulariser.penalty(1)
    assert penalty is not None
    assert penalty.item() == pytest.approx(strength * g.mean(), rel=1e-12)
    penalty.backward()  # type: ignore[no-untyped-call]
    learned = layer.get_parameter(THRESHOLD).grad
    assert learned is not None
    assert learned.item() == pytest.approx(-strength * (g * (1 - g)).mean() / temperature, rel=1e-9, abs=1e-15)
    assert layer.get_parameter("parametrizations.weight.original").grad is None


def test_the_mean_is_over_all_weights_of_the_network() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 5)).double()
    regulariser = regulariser_of(model, strength=0.3)
    penalty = regulariser.penalty(0)
    flat = []
    for layer in model:
        w = layer.get_parameter("parametrizations.weight.original").detach().numpy()
        flat += gates(w, 0.0, w.var(), 0.1).flatten().tolist()
    assert penalty is not None
    assert penalty.item() == pytest.approx(0.3 * sum(flat) / 16, rel=1e-12)


@settings(max_examples=100)
@given(weights=WEIGHTS, threshold=THRESHOLDS)
def test_kept_is_what_lies_above_the_threshold(weights: list[float], threshold: float) -> None:
    _, regulariser = linear(weights, threshold)
    [mask] = regulariser.masks().values()
    assert mask.dtype == torch.bool
    distance = np.array(weights) ** 2 - threshold * np.var(weights)
    clear = np.abs(distance) > 1e-12
    assert mask.flatten().numpy()[clear].tolist() == (distance > 0)[clear].tolist()


def test_until_it_begins_all_gates_are_open_and_nothing_is_added() -> None:
    model, plain = small_network(), small_network()
    regulariser = regulariser_of(model, begin=0.39)
    inputs = torch.randn(5, 1, 8, 8)
    for step in range(3):
        assert regulariser.penalty(step) is None
    assert_close(model(inputs), plain(inputs), operations=PRODUCTS)
    model(inputs).square().sum().backward()
    assert all(learned.grad is not None and learned.grad.item() == 0 for learned, _ in regulariser.learned)
    assert all(mask.all() for mask in regulariser.masks().values())
    first = model.get_submodule("0")
    first.get_parameter("parametrizations.weight.original").detach().mul_(3)
    assert regulariser.penalty(3) is not None
    scale = plain.get_parameter("0.weight").detach().double().mul(3).numpy().var()
    assert first.get_buffer(VARIANCE).item() == pytest.approx(scale, rel=1e-6)
    assert not torch.allclose(model(inputs), plain(inputs), rtol=0.01)
    first.get_parameter("parametrizations.weight.original").detach().mul_(3)
    assert regulariser.penalty(4) is not None
    assert first.get_buffer(VARIANCE).item() == pytest.approx(scale, rel=1e-6)  # measured once


def test_what_is_learned_has_its_own_rate_and_starts_at_zero() -> None:
    model = small_network()
    regulariser = regulariser_of(model, rate=7.0)
    assert [(parameter.item(), rate) for parameter, rate in regulariser.learned] == [(0.0, 7.0)] * 3
    named = {name: parameter for name, parameter in model.named_parameters() if name.endswith("threshold")}
    assert list(named) == [f"{layer}.{THRESHOLD}" for layer in (0, 3, 7)]
    assert all(named[name] is learned for name, (learned, _) in zip(named, regulariser.learned, strict=True))


def test_a_network_built_anew_goes_on_from_the_state() -> None:
    one, other = small_network(0), small_network(1)
    before, after = regulariser_of(one, begin=0.2), regulariser_of(other, begin=0.2)
    before.penalty(2)
    for number, (learned, _) in enumerate(before.learned):
        learned.detach().fill_(0.3 + number)
    other.load_state_dict(one.state_dict())
    assert same(after.masks(), before.masks())
    assert not all(mask.all() for mask in after.masks().values())
    assert same(effective(other), effective(one))
    one_penalty, other_penalty = before.penalty(5), after.penalty(5)
    assert one_penalty is not None
    assert other_penalty is not None
    assert torch.equal(one_penalty, other_penalty)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_trained_gates_stay_in_what_is_kept_and_the_network_is_plain(precision: str) -> None:
    model, plain = small_network(), small_network()
    variant = {"method": "learn-masks", "regulariser": LTP | {"begin": 0.25}}
    state = before_finish(model, variant, precision={"cpu": precision, "cuda": "float32"})
    zeros = 0
    for name, weight in effective(model).items():
        layer = name.removesuffix("weight")
        w = state[f"{layer}parametrizations.weight.original"].double().numpy()
        threshold, variance = state[f"{layer}{THRESHOLD}"].item(), state[f"{layer}{VARIANCE}"].item()
        kept = w**2 > threshold * variance
        expected = np.where(kept, w * gates(w, threshold, variance, 0.1), 0.0)
        assert weight.numpy() == pytest.approx(expected, abs=1e-6)
        assert threshold > 0
        zeros += int((~kept).sum())
    assert 0 < zeros < sum(weight.numel() for weight in effective(model).values())
    assert zeros == sum(int((weight == 0).sum()) for weight in effective(model).values())
    assert set(model.state_dict()) == set(plain.state_dict())
    assert not any(parametrize.is_parametrized(module) for module in model.modules())
    assert [type(module) for module in model.modules()] == [type(module) for module in plain.modules()]


def test_a_stronger_penalty_prunes_more() -> None:
    def zeros(strength: float) -> int:
        model = small_network()
        train(model, method_of(model, {"method": "learn-masks", "regulariser": LTP | {"strength": strength}}))
        return sum(int((weight == 0).sum()) for weight in effective(model).values())

    weak, strong = zeros(0.3), zeros(30.0)
    assert weak < strong


def test_weights_that_are_all_equal_are_refused() -> None:
    layer = nn.Linear(3, 2)
    nn.init.constant_(layer.weight, 0.5)
    regulariser = regulariser_of(layer, begin=0.1)
    assert regulariser.penalty(0) is None
    with pytest.raises(InputError, match="ltp: the weights of weight are all equal"):
        regulariser.penalty(1)
