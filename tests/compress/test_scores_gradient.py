import copy
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from lesion import plugins
from lesion.compress.choice import Choice, compute_saliency
from lesion.compress.methods import prune
from lesion.compress.probe import Probe
from lesion.compress.scores import woodfisher
from lesion.errors import InputError
from lesion.plugins import Named
from lesion.train.loop import fit
from lesion.train.seeds import Seeds
from tests.compress.probing import Plain, flat, images, parts, probe_of, smooth_network, some_masks
from tests.training import RECIPE, random_split, small_network

BATCH = images()
PARTS = parts(BATCH, 3)
GRASP: Named = {"name": "grasp", "images": 7, "temperature": 2.0}
SCORES: list[Named] = [
    "random-draw",
    {"name": "gradient", "images": 7},
    {"name": "gradient-weight", "images": 7},
    GRASP,
    {"name": "obd", "images": 7},
    {"name": "obd-fisher", "images": 7},
    {"name": "woodfisher", "images": 7, "block": 5, "damping": 1e-3},
    {"name": "l-obs", "images": 7, "damping": 1e-2},
]


@pytest.fixture(autouse=True)
def deterministic() -> Iterator[None]:
    """As steps compute."""
    before = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode("error")
    yield
    torch.set_deterministic_debug_mode(before)


def saliency(part: Named, probe: Probe) -> Tensor:
    return flat(compute_saliency(part, probe).values)


def slopes_in_gates(function: Callable[[Tensor], Tensor], weights: Tensor, step: float = 1e-5) -> Tensor:
    """Central differences of a function of the weights in a factor on each weight, at 1."""
    gates = step * torch.eye(len(weights), dtype=weights.dtype)
    return torch.stack(
        [(function(weights * (1 + gate)) - function(weights * (1 - gate))) / (2 * step) for gate in gates]
    )


def close(found: Tensor, expected: Tensor, *, rtol: float = 1e-6) -> None:
    torch.testing.assert_close(found, expected, rtol=rtol, atol=rtol * float(expected.abs().max()))


def test_gradient_is_the_slope_of_the_loss_that_is_trained() -> None:
    model = smooth_network()
    plain = Plain(model, training=True)
    close(
        saliency({"name": "gradient", "images": 7}, probe_of(model, BATCH)), plain.gradient(plain.vector, PARTS).abs()
    )


def test_snip_is_the_slope_of_the_loss_in_gates_on_the_weights() -> None:
    model = smooth_network()
    plain = Plain(model, training=True)
    expected = slopes_in_gates(lambda vector: plain.loss(vector, PARTS), plain.vector).abs()
    close(saliency({"name": "gradient-weight", "images": 7}, probe_of(model, BATCH)), expected)


@pytest.mark.parametrize("temperature", [1.0, 5.0])
def test_grasp_is_the_slope_of_half_the_squared_gradient_in_gates_on_the_weights(temperature: float) -> None:
    model = smooth_network()
    plain = Plain(model, training=True)

    def flow(vector: Tensor) -> Tensor:
        return plain.gradient(vector, PARTS, temperature=temperature).square().sum() / 2

    found = saliency({"name": "grasp", "images": 7, "temperature": temperature}, probe_of(model, BATCH))
    close(found, slopes_in_gates(flow, plain.vector))


def test_what_grasp_prunes_first_lengthens_the_gradient_and_what_last_shortens_it() -> None:
    model = smooth_network()
    plain = Plain(model, training=True)
    order = saliency({"name": "grasp", "images": 7, "temperature": 1.0}, probe_of(model, BATCH)).argsort()

    def length(places: Tensor) -> float:
        shrunk = plain.vector
        shrunk[places] *= 0.99
        return float(plain.gradient(shrunk, PARTS).norm())

    assert length(order[:4]) > length(order[:0]) > length(order[-4:])


@pytest.mark.parametrize("name", ["gradient", "obd-fisher"])
def test_masked_weights_get_the_gradient_of_a_network_with_zeros_there(name: str) -> None:
    model = smooth_network()
    masks = some_masks(model)
    plain = Plain(model, masks, training=name == "gradient")
    module, options = plugins.component("score", {"name": name, "images": 7}, where="variant.score")
    (measured,) = module.measure(probe_of(model, BATCH, masks=masks), options).values()
    singles = PARTS if name == "gradient" else parts(BATCH, 1)
    if name == "gradient":
        expected = plain.gradient(plain.vector, singles)
    else:
        expected = torch.stack([plain.gradient(plain.vector, [one]).square() for one in singles]).mean(dim=0)
    close(flat(measured), expected)
    assert (flat(measured)[~flat(masks)] != 0).all()


def test_the_second_derivative_by_masked_weights_is_that_of_a_network_with_zeros_there() -> None:
    model = smooth_network()
    masks = some_masks(model)
    plain = Plain(model, masks, training=True)
    module, options = plugins.component("score", GRASP, where="variant.score")
    found = flat(module.measure(probe_of(model, BATCH, masks=masks), options)["hessian_gradient"])
    step = 1e-5
    gradient = plain.gradient(plain.vector, PARTS, temperature=2.0)
    ahead, behind = (plain.gradient(plain.vector + sign * step * gradient, PARTS, temperature=2.0) for sign in (1, -1))
    close(found, (ahead - behind) / (2 * step))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("part", SCORES, ids=str)
def test_scoring_leaves_the_network_as_it_was(part: Named, training: bool) -> None:
    model = smooth_network().train(training)
    masks = some_masks(model)
    probe = probe_of(model, BATCH, masks=masks)
    before = copy.deepcopy(model.state_dict())
    found = compute_saliency(part, probe)
    assert model.state_dict().keys() == before.keys()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert [layer.training for layer in model] == [training] * len(model)
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    assert not any(module._forward_pre_hooks for module in model.modules())
    model(BATCH[0]).square().sum().backward()
    for name, parameter in probe.network.parameters().items():
        assert parameter.grad is not None
        assert (parameter.grad[~masks[name]] == 0).all()
    for name, values in found.values.items():
        assert values.shape == masks[name].shape
        assert values.dtype == torch.float64
        assert not values.requires_grad


@pytest.mark.parametrize("part", SCORES, ids=str)
def test_the_same_seed_and_step_give_the_same_score(part: Named) -> None:
    one, other = (probe_of(smooth_network(), BATCH) for _ in range(2))
    assert torch.equal(saliency(part, one), saliency(part, other))
    torch.rand(3)
    assert torch.equal(saliency(part, one), saliency(part, other))


@pytest.mark.parametrize("part", ["random-draw", {"name": "obd", "images": 7}], ids=str)
def test_another_step_draws_anew(part: Named) -> None:
    probe = probe_of(smooth_network(), BATCH)
    first = saliency(part, probe)
    probe.step = 1
    assert not torch.equal(saliency(part, probe), first)


def test_random_draws_are_uniform_and_no_two_weights_share_one() -> None:
    found = saliency("random-draw", probe_of(nn.Sequential(nn.Linear(50, 40), nn.Linear(40, 50)), BATCH))
    assert len(torch.unique(found)) > 3990  # of float32 numbers some coincide
    counts = torch.histc(found, bins=10, min=0, max=1)
    assert float(((counts - 400).square() / 400).sum()) < 27.9  # χ² with 9 degrees of freedom, p = 0.001


@pytest.mark.parametrize("seen", [1, 4, 7])
def test_as_many_images_are_looked_at_as_the_options_say(seen: int) -> None:
    model = smooth_network().eval()
    found = saliency({"name": "obd-fisher", "images": seen}, probe_of(model, BATCH))
    first = (BATCH[0][:seen], BATCH[1][:seen])
    close(found, saliency({"name": "obd-fisher", "images": 100}, probe_of(smooth_network().eval(), first)))


@pytest.mark.parametrize("part", SCORES[1:], ids=str)
def test_no_images_are_refused(part: Named) -> None:
    assert isinstance(part, dict)
    with pytest.raises(InputError, match=r"variant\.score\.images"):
        plugins.options("score", part | {"images": 0}, where="variant.score")


@pytest.mark.parametrize("part", SCORES, ids=str)
def test_a_choice_by_each_score_leaves_the_asked_share_and_zeros_where_it_compensates(
    part: Named, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(woodfisher, "LOWERS_LOSS", False)  # an untrained network: the whole update, whatever it does
    model = smooth_network()
    probe = probe_of(model, BATCH)
    before = {name: weight.clone() for name, weight in probe.network.weights().items()}
    Choice(probe, score=part, shape="weight", allocation="uniform").prune(0.5, monotone=True)
    compensates = part in SCORES[-2:]
    for name, mask in probe.network.masks().items():
        weight = probe.network.weights()[name]
        assert int((~mask).sum()) == mask.numel() // 2
        assert bool((weight[~mask] == 0).all()) == compensates
        assert torch.equal(weight[mask], before[name][mask]) != compensates


@pytest.mark.parametrize("part", SCORES, ids=str)
def test_a_training_can_prune_by_each_score(part: Named) -> None:
    schedule = {"name": "gradual", "begin": 0.25, "end": 0.75, "every": 0.25}
    options = prune.Options(sparsity=0.5, score=part, shape="weight", allocation="uniform", schedule=schedule)
    model, split = small_network(), random_split()

    def sample(count: int, seed: int) -> list[tuple[Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(seed)
        return parts((torch.randn(count, 1, 8, 8, generator=generator), torch.arange(count) % 4), 4)

    method = prune.Training(model, options, steps=24, sample=sample, examples=70, seed=0)
    fit(model, method, split, recipe=RECIPE, seeds=Seeds(0, 1, 2, 3), device=torch.device("cpu"))
    weights = [tensor for tensor in model.state_dict().values() if tensor.dim() > 1]
    assert len(weights) == 3
    assert all(int((weight == 0).sum()) == weight.numel() // 2 for weight in weights)
