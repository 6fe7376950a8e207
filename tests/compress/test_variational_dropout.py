import math
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from torch import Tensor, nn
from torch.func import functional_call, jacrev

from lesion.compress.masks import MaskedNetwork
from lesion.compress.probe import Probe
from lesion.compress.regularisers.variational_dropout import Options, Regulariser, divergence
from lesion.errors import InputError
from tests.compress.probing import some_masks
from tests.compress.test_ltp import before_finish
from tests.rounding import assert_close
from tests.training import PRODUCTS, effective, method_of, same, small_network, train

Array = npt.NDArray[np.float64]

VARIATIONAL_DROPOUT = {
    "name": "variational-dropout", "strength": 1.0, "warmup": 0.5, "rate": 10.0, "threshold": 3.0,
}  # fmt: skip
LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(5, 3), (5,)),
    "linear of a sequence": (lambda: nn.Linear(4, 3, bias=False), (2, 4)),
    "convolution": (lambda: nn.Conv2d(2, 3, 3, padding=1), (2, 4, 4)),
    "strides": (lambda: nn.Conv2d(2, 3, (2, 3), stride=(2, 1), padding=(0, 2), dilation=(1, 2)), (2, 5, 5)),
    "groups": (lambda: nn.Conv2d(4, 4, 2, groups=2, bias=False), (4, 3, 3)),
    "circular": (lambda: nn.Conv1d(2, 3, 3, padding=1, padding_mode="circular"), (2, 5)),
    "volume": (lambda: nn.Conv3d(1, 2, 2), (1, 3, 2, 3)),
}
DRAWS = 4000


def regulariser_of(
    model: nn.Module, *, steps: int = 10, examples: int = 7, masks: dict[str, Tensor] | None = None, **options: Any
) -> Regulariser:
    chosen = Options(**{key: value for key, value in {**VARIATIONAL_DROPOUT, **options}.items() if key != "name"})
    network = MaskedNetwork(model)
    network.set(masks or {})
    return Regulariser(chosen, Probe(network, Mock(), seed=0), steps=steps, examples=examples)


def formula(log_alpha: Array) -> Array:
    """Eq. 14 of the paper, with the opposite sign."""
    k1, k2, k3 = 0.63576, 1.87320, 1.48695
    negative = k1 / (1 + np.exp(-(k2 + k3 * log_alpha))) - 0.5 * np.log(1 + 1 / np.exp(log_alpha)) - k1
    return np.asarray(-negative)


def integrated(alpha: float) -> float:
    """E log|1 + √α z| − log(α) / 2 − E log|z| of a standard normal z: the divergence itself, zero as α grows."""

    def integrand(z: float) -> float:
        return math.log(abs(z + alpha**-0.5)) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    whole = sum(
        integrate.quad(integrand, low, high, limit=200)[0]
        for low, high in ((-40 - alpha**-0.5, -(alpha**-0.5)), (-(alpha**-0.5), 40))
    )
    return float(whole + (np.euler_gamma + math.log(2)) / 2)


@settings(max_examples=100)
@given(st.lists(st.floats(-30, 30), min_size=1, max_size=20))
def test_the_divergence_is_that_of_the_formula(values: list[float]) -> None:
    found = divergence(torch.tensor(values, dtype=torch.float64)).numpy()
    assert found == pytest.approx(formula(np.array(values)), abs=1e-8)


@pytest.mark.parametrize("log_alpha", [-6.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0, 8.0])
def test_the_divergence_is_about_that_of_the_distributions(log_alpha: float) -> None:
    assert divergence(torch.tensor(log_alpha)).item() == pytest.approx(integrated(math.exp(log_alpha)), abs=0.01)


@settings(max_examples=60)
@given(
    weights=st.lists(st.floats(0.01, 5).flatmap(lambda w: st.sampled_from([w, -w])), min_size=6, max_size=6),
    log_alphas=st.lists(st.floats(-12, 12).filter(lambda a: abs(abs(a) - 8) > 0.01), min_size=6, max_size=6),
    strength=st.floats(0.01, 10),
)
def test_the_penalty_and_its_gradients_are_those_of_the_formula(
    weights: list[float], log_alphas: list[float], strength: float
) -> None:
    layer = nn.Linear(3, 2).double()
    regulariser = regulariser_of(layer, strength=strength, examples=50)
    w, log_variance = np.array(weights), np.array(log_alphas) + np.log(np.square(weights))
    original, noise = layer.get_parameter("parametrizations.weight.original"), layer.get_parameter("log_variance")
    original.detach().copy_(torch.from_numpy(w).view(2, 3))
    noise.detach().copy_(torch.from_numpy(log_variance).view(2, 3))

    def penalty(w: Array, log_variance: Array) -> Array:  # of each weight
        return strength / 50 * formula(np.clip(log_variance - np.log(w**2), -8, 8))

    found = regulariser.penalty(9)
    assert found.item() == pytest.approx(penalty(w, log_variance).sum(), rel=1e-9)
    found.backward()  # type: ignore[no-untyped-call]
    assert original.grad is not None
    assert noise.grad is not None
    step = 1e-5
    by_weight = (penalty(w * (1 + step), log_variance) - penalty(w * (1 - step), log_variance)) / (2 * step * w)
    by_noise = (penalty(w, log_variance + step) - penalty(w, log_variance - step)) / (2 * step)
    assert original.grad.flatten().numpy() == pytest.approx(by_weight, rel=1e-5, abs=1e-8)
    assert noise.grad.flatten().numpy() == pytest.approx(by_noise, rel=1e-5, abs=1e-8)


def test_the_divergence_is_weighed_by_the_examples_and_warms_up_linearly() -> None:
    regulariser = regulariser_of(small_network(), steps=20, warmup=0.5, strength=2.0, examples=100)
    whole = regulariser.penalty(19).item()
    shares = [regulariser.penalty(step).item() / whole for step in range(20)]
    assert shares == pytest.approx([min(1.0, (step + 1) / 10) for step in range(20)], rel=1e-6)
    other = regulariser_of(small_network(), steps=20, warmup=0.0, strength=1.0, examples=300)
    assert other.penalty(0).item() == pytest.approx(whole / 6, rel=1e-6)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_the_output_has_the_mean_and_variance_that_noise_on_the_weights_gives_it(name: str, masked: bool) -> None:
    torch.manual_seed(3)
    build, shape = LAYERS[name]
    layer = build().double()
    weight = layer.get_parameter("weight").detach().clone()
    mask = some_masks(layer)["weight"] if masked else torch.ones_like(weight, dtype=torch.bool)
    inputs = torch.randn(1, *shape, dtype=torch.float64)

    def output(weight: Tensor) -> Tensor:
        found: Tensor = functional_call(layer, {"weight": weight}, (inputs,))
        return found.flatten()

    mean = output(weight * mask).detach()
    by_weight = jacrev(output)(weight).flatten(1)  # the output is linear in the weights
    log_variance = torch.empty_like(weight).uniform_(-4, 1)
    variance = by_weight.square() @ (log_variance.exp() * mask).flatten()

    regulariser_of(layer, masks={"weight": mask})
    layer.get_parameter("log_variance").detach().copy_(log_variance)
    draws = layer(inputs.expand(DRAWS, *shape)).detach().flatten(1)
    silent = variance == 0  # all its weights are masked
    assert torch.allclose(draws[:, silent], mean[silent], atol=1e-6)
    normal = ((draws - mean) / variance.sqrt())[:, ~silent]
    assert normal.numel() >= DRAWS
    assert normal.mean(0).abs().max() < 5 / DRAWS**0.5
    assert (normal.square().mean(0) - 1).abs().max() < 5 * (2 / DRAWS) ** 0.5
    assert abs(normal.mean()) < 5 / normal.numel() ** 0.5
    assert abs(normal.square().mean() - 1) < 5 * (2 / normal.numel()) ** 0.5
    assert torch.corrcoef(normal.T).sub(torch.eye(normal.shape[1])).abs().max() < 6 / DRAWS**0.5  # independent


def test_in_evaluation_there_is_no_noise() -> None:
    model, plain = small_network(), small_network()
    regulariser = regulariser_of(model)
    for noise, _ in regulariser.learned:
        noise.detach().fill_(0.0)
    inputs = torch.randn(5, 1, 8, 8)
    assert_close(model.eval()(inputs), plain.eval()(inputs), operations=PRODUCTS)
    first, second = model.train()(inputs), model(inputs)
    assert not torch.allclose(first, second, rtol=0.01)


@pytest.mark.parametrize("autocast", [False, True])
def test_where_nothing_is_gradients_stay_finite(autocast: bool) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
    nn.init.zeros_(model.get_parameter("0.weight"))
    nn.init.zeros_(model.get_parameter("0.bias"))
    regulariser = regulariser_of(model)
    inputs = torch.zeros(4, 1, 4, 4, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        output = model(inputs)
    (output.float().square().sum() + regulariser.penalty(9)).backward()
    for parameter in (inputs, *model.parameters()):
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()
    assert not regulariser.masks()["0.weight"].any()  # a weight of zero is all noise


def test_what_is_learned_has_its_own_rate_and_is_in_the_state() -> None:
    model = small_network()
    regulariser = regulariser_of(model, rate=7.0)
    named = {name: parameter for name, parameter in model.named_parameters() if name.endswith("log_variance")}
    assert list(named) == ["0.log_variance", "3.log_variance", "7.log_variance"]
    assert all(named[name] is learned for name, (learned, _) in zip(named, regulariser.learned, strict=True))
    assert [rate for _, rate in regulariser.learned] == [7.0] * 3


def test_a_network_built_anew_goes_on_from_the_state() -> None:
    one, other = small_network(0), small_network(1)
    before, after = regulariser_of(one), regulariser_of(other)
    for noise, _ in before.learned:
        noise.detach().uniform_(-8, 4)
    other.load_state_dict(one.state_dict())
    assert same(after.masks(), before.masks())
    assert {bool(kept) for mask in after.masks().values() for kept in mask.flatten()} == {False, True}
    assert torch.equal(before.penalty(3), after.penalty(3))
    inputs = torch.randn(5, 1, 8, 8)
    outputs = []
    for model in (one, other):
        torch.manual_seed(4)
        outputs.append(model(inputs))
    assert torch.equal(*outputs)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_kept_weights_stay_as_they_were_trained_and_the_network_is_plain(precision: str) -> None:
    model, plain = small_network(), small_network()
    variant = {"method": "learn-masks", "regulariser": VARIATIONAL_DROPOUT}
    state = before_finish(model, variant, precision={"cpu": precision, "cuda": "float32"})
    zeros = 0
    for name, weight in effective(model).items():
        layer = name.removesuffix("weight")
        w, noise = state[f"{layer}parametrizations.weight.original"], state[f"{layer}log_variance"]
        kept = noise.double() < 3 + w.double().square().log()
        assert torch.equal(weight, torch.where(kept, w, 0.0))
        zeros += int((~kept).sum())
    assert 0 < zeros < sum(weight.numel() for weight in effective(model).values())
    assert set(model.state_dict()) == set(plain.state_dict())
    assert [type(module) for module in model.modules()] == [type(module) for module in plain.modules()]
    assert not any(module._forward_hooks for module in model.modules())
    assert not any(hasattr(module, "log_variance") for module in model.modules())


def test_a_stronger_divergence_prunes_more() -> None:
    def zeros(strength: float) -> int:
        model = small_network()
        variant = {"method": "learn-masks", "regulariser": VARIATIONAL_DROPOUT | {"strength": strength}}
        train(model, method_of(model, variant))
        return sum(int((weight == 0).sum()) for weight in effective(model).values())

    weak, strong = zeros(0.01), zeros(1.0)
    assert weak < strong


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (nn.Sequential(nn.Linear(4, 4), nn.MultiheadAttention(4, 2)), r"1\.in_proj_weight"),
        (nn.MultiheadAttention(4, 2, kdim=3, vdim=5), "q_proj_weight"),
        (nn.ConvTranspose2d(1, 1, 2), "weight"),
    ],
)
def test_layers_whose_noise_is_not_known_are_refused(model: nn.Module, name: str) -> None:
    with pytest.raises(InputError, match=f"variational-dropout: {name} is not of a linear layer or a convolution"):
        regulariser_of(model)
