import copy
import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from lesion.compress.choice import Choice, score
from lesion.compress.probe import Batch, Probe
from lesion.compress.scores import l_obs, woodfisher
from lesion.compress.statistics import fisher, layer_inputs
from lesion.compress.statistics import image_gradients as own_gradients
from lesion.compress.statistics.gradient import mean_gradient
from lesion.compress.statistics.hessian import hessian_vector_product
from lesion.compress.statistics.layer_inputs import second_moments
from tests.compress.probing import Plain, flat, hessian, images, parts, probe_of, smooth_network, some_masks

BATCH = images()
PARTS = parts(BATCH, 3)
WOODFISHER = woodfisher.Options(images=7, block=5, damping=1e-3)


def close(found: Tensor, expected: Tensor, *, rtol: float = 1e-8) -> None:
    torch.testing.assert_close(found, expected, rtol=rtol, atol=rtol * float(expected.abs().max()))


def signs(count: int) -> Tensor:
    """All vectors of signs that there are: (2 ** count, count)."""
    return torch.tensor(list(itertools.product([-1.0, 1.0], repeat=count)), dtype=torch.float64)


def along_root_by_hand(plain: Plain, batch: Batch) -> Tensor:
    """Squared gradients of each image, for each vector of signs over its three classes: (n, 8, weights)."""
    found = []
    for inputs, _ in parts(batch, 1):

        def logits(vector: Tensor, inputs: Tensor = inputs) -> Tensor:
            found: Tensor = functional_call(plain.model, plain.split(vector), (inputs,))
            return found[0]

        p = logits(plain.vector).softmax(dim=0)
        root = torch.diag(p.sqrt()) - torch.outer(p, p.sqrt())
        close(root @ root.mT, torch.diag(p) - torch.outer(p, p))
        found.append(signs(3) @ root.mT @ torch.autograd.functional.jacobian(logits, plain.vector))  # type: ignore[no-untyped-call]
    return torch.stack(found).square()


@pytest.mark.parametrize("masked", [False, True])
def test_over_all_signs_the_gauss_newton_diagonal_is_the_hessians_own_in_a_network_of_relus(masked: bool) -> None:
    model = smooth_network(activation=nn.ReLU())
    plain = Plain(model, some_masks(model) if masked else {}, training=False)
    close(along_root_by_hand(plain, BATCH).mean(dim=(0, 1)), plain.hessian(PARTS).diagonal())


@pytest.mark.parametrize("activation", [nn.ReLU(), nn.Tanh()], ids=str)
@pytest.mark.parametrize("masked", [False, True])
def test_obd_estimates_that_diagonal_without_bias(masked: bool, activation: nn.Module) -> None:
    model = smooth_network(activation=activation)
    masks = some_masks(model) if masked else {}
    squares = along_root_by_hand(Plain(model, masks, training=False), BATCH)
    often = 200
    many = tuple(values.repeat_interleave(often, dim=0) for values in BATCH)
    scored = score({"name": "obd", "images": 7 * often}, probe_of(model, (many[0], many[1]), part=500, masks=masks))
    error = flat(scored.measured["curvature"]) - squares.mean(dim=(0, 1))
    spread = squares.var(dim=1, correction=0).sum(dim=0).div(7 * 7 * often).sqrt()
    assert (error.abs() <= 5 * spread + 1e-12).all()
    assert (error.abs() > spread / 100).any()  # an estimate


def test_obd_scores_are_half_the_diagonal_times_the_squared_weight() -> None:
    model = smooth_network()
    plain = Plain(model, training=False)
    scored = score({"name": "obd", "images": 7}, probe_of(model, BATCH))
    close(flat(scored.saliency), flat(scored.measured["curvature"]) * plain.vector**2 / 2)
    assert (flat(scored.saliency) >= 0).all()


def image_gradients(plain: Plain, batch: Batch = BATCH) -> Tensor:
    """Of the loss of each image, one after the other: (n, weights)."""
    return torch.stack([plain.gradient(plain.vector, [one]) for one in parts(batch, 1)])


@pytest.mark.parametrize("at_once", [1, 2 * 32 * 8, 2**20])
def test_the_fisher_diagonal_is_that_of_a_loop_over_images(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_gradients, "AT_ONCE", at_once)
    model = smooth_network()
    plain = Plain(model, training=False)
    expected = image_gradients(plain).square().mean(dim=0) * plain.vector**2 / 2
    close(flat(score({"name": "obd-fisher", "images": 7}, probe_of(model, BATCH)).saliency), expected)


def explicit_blocks(gradients: Tensor, block: int) -> list[Tensor]:
    """The blocks along the diagonal of the Fisher matrix of one tensor, built whole."""
    whole = gradients.mT @ gradients / len(gradients)
    starts = range(0, len(whole), block)
    return [whole[first : first + block, first : first + block] for first in starts]


@pytest.mark.parametrize("masked", [False, True])
def test_woodfisher_inverts_the_blocks_of_the_fisher_matrix_among_kept_weights(masked: bool) -> None:
    model = smooth_network()
    masks = {name: mask | (not masked) for name, mask in some_masks(model).items()}
    plain = Plain(model, masks, training=False)
    probe = probe_of(model, BATCH, masks=masks)
    measured = woodfisher.measure(probe, WOODFISHER)
    for name, gradients in zip(masks, torch.split(image_gradients(plain), [8, 24], dim=1), strict=True):
        expected = torch.zeros(gradients.shape[1], dtype=torch.float64)
        for place, matrix in enumerate(explicit_blocks(gradients, 5)):
            inside = slice(5 * place, 5 * place + len(matrix))
            keep = masks[name].flatten()[inside]
            damped = matrix + 1e-3 * torch.eye(len(matrix), dtype=torch.float64)
            close(measured["curvature"][name][place][: len(matrix), : len(matrix)], damped)
            expected[inside][keep] = torch.linalg.inv(damped[keep][:, keep]).diagonal()
            expected[inside][~keep] = 1 / damped.diagonal()[~keep]
        close(measured["inverse_diagonal"][name].flatten(), expected)
        weight = probe.network.weights()[name]
        saliency = score({"name": "woodfisher", **WOODFISHER.model_dump()}, probe).saliency[name]
        close(saliency.flatten(), weight.flatten() ** 2 / (2 * expected))


def test_woodfisher_has_the_inverse_hessian_where_labels_are_as_the_network_predicts() -> None:
    layer = nn.Linear(4, 3, bias=False).double()
    nn.init.zeros_(layer.weight)
    model = nn.Sequential(layer)
    inputs = images(6, 4)[0].repeat_interleave(3, dim=0)
    batch = inputs, torch.arange(3).repeat(6)
    exact = Plain(model, training=False).hessian([batch])
    options = woodfisher.Options(images=18, block=12, damping=1e-2)
    measured = woodfisher.measure(probe_of(model, batch), options)
    damped = exact + 1e-2 * torch.eye(12, dtype=torch.float64)
    close(measured["curvature"]["0.weight"][0], damped)
    close(measured["inverse_diagonal"]["0.weight"].flatten(), torch.linalg.inv(damped).diagonal())


def test_woodfisher_makes_good_for_all_of_a_block_together() -> None:
    model = smooth_network()
    masks, plain = some_masks(model), Plain(model, training=False)
    measured = woodfisher.measure(probe_of(model, BATCH), WOODFISHER)
    gradients = dict(zip(masks, torch.split(image_gradients(plain), [8, 24], dim=1), strict=True))
    for name, mask in masks.items():
        weight = plain.weights[name]
        found = woodfisher.compensate(
            weight, mask, WOODFISHER, **{key: values[name] for key, values in measured.items()}
        )
        assert found.shape == weight.shape
        assert (found[~mask] == 0).all()
        for place, matrix in enumerate(explicit_blocks(gradients[name], 5)):
            inside = slice(5 * place, 5 * place + len(matrix))
            slope = (matrix + 1e-3 * torch.eye(len(matrix), dtype=torch.float64)) @ (found - weight).flatten()[inside]
            assert (slope[mask.flatten()[inside]].abs() < 1e-12).all()  # flat in all that is free


def drawn(layer: nn.Module) -> nn.Module:
    """A copy of a layer in float64, with weights of a known seed."""
    layer = copy.deepcopy(layer).double()
    nn.init.normal_(layer.get_parameter("weight"), generator=torch.Generator().manual_seed(4))
    return layer


def layer_error(layer: nn.Module, inputs: Tensor) -> Callable[[Tensor], Tensor]:
    """Half the squared change of the outputs as a function of the weight: summed over channels, mean over places."""
    layer = copy.deepcopy(layer)
    weight = layer.get_parameter("weight")
    before = layer(inputs).detach()
    places = before.numel() // len(weight)

    def error(changed: Tensor) -> Tensor:
        after: Tensor = functional_call(layer, {"weight": changed.view_as(weight)}, (inputs,))
        half: Tensor = (after - before).square().sum() / 2
        return half.div(places)

    return error


LAYERS: list[tuple[nn.Module, tuple[int, ...]]] = [
    (nn.Linear(3, 2), (3,)),
    (nn.Linear(3, 2, bias=False), (4, 3)),
    (nn.Conv2d(1, 2, 2), (1, 3, 4)),
    (nn.Conv2d(4, 4, (2, 3), stride=(2, 1), padding=(1, 2), groups=2), (4, 5, 3)),
    (nn.Conv2d(3, 3, 2, groups=3, dilation=(1, 2), padding="same"), (3, 3, 4)),
    (nn.Conv2d(2, 2, 3, stride=2, padding=1, padding_mode="reflect"), (2, 4, 5)),
    (nn.Conv1d(2, 2, 3, padding="same", padding_mode="circular"), (2, 5)),
    (nn.Conv3d(2, 2, (1, 2, 2), stride=(1, 2, 1), padding=(0, 1, 0), groups=2), (2, 2, 3, 3)),
]


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=str)
@pytest.mark.parametrize("at_once", [1, 2**20])
def test_l_obs_has_the_hessian_of_the_squared_error_of_the_layer(
    layer: nn.Module, shape: tuple[int, ...], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer_inputs, "AT_ONCE", at_once)
    layer, batch = drawn(layer), images(5, *shape)
    weight = layer.get_parameter("weight").detach()
    expected = hessian(layer_error(layer, batch[0]), weight.flatten())
    (found,) = second_moments(probe_of(nn.Sequential(layer), batch, part=2), 5).values()
    channels = found.repeat_interleave(len(weight) // len(found), dim=0)
    close(torch.block_diag(*channels), expected)  # type: ignore[no-untyped-call]


def test_l_obs_sees_the_inputs_that_evaluation_has() -> None:
    model = smooth_network().train()
    masks = some_masks(model)
    plain = Plain(model, masks, training=False)
    found = second_moments(probe_of(model, BATCH, masks=masks), 7)["4.weight"]
    layers = plain.model
    assert isinstance(layers, nn.Sequential)
    inputs = layers[:4](BATCH[0])
    close(found[0], inputs.mT @ inputs / 7)


def test_l_obs_scores_are_shared_by_the_output_channels_of_a_group() -> None:
    layer = drawn(nn.Conv2d(4, 6, 2, groups=2))
    options = l_obs.Options(images=5, damping=0.1)
    weight, batch = layer.get_parameter("weight").detach().clone(), images(5, 4, 3, 3)
    measured = l_obs.measure(probe_of(nn.Sequential(layer), batch), options)
    patches = functional.unfold(batch[0], 2).movedim(1, 2).reshape(20, 2, 8)
    saliency = l_obs.score(weight, **{key: values["0.weight"] for key, values in measured.items()})
    for channel in range(6):
        seen = patches[:, channel // 3]
        moments = seen.mT @ seen / 20
        damped = moments + 0.1 * moments.diagonal().mean() * torch.eye(8, dtype=torch.float64)
        expected = weight[channel].flatten() ** 2 / (2 * torch.linalg.inv(damped).diagonal())
        close(saliency[channel].flatten(), expected)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(6, 4), (6,)),
        (nn.Conv2d(2, 4, 2, stride=2, padding=1), (2, 4, 4)),
        (nn.Conv2d(4, 4, 2, groups=2), (4, 4, 4)),
    ],
    ids=str,
)
def test_l_obs_makes_good_for_the_outputs_of_the_layer(layer: nn.Module, shape: tuple[int, ...]) -> None:
    layer, batch = drawn(layer), images(30, *shape)
    error, weight = layer_error(layer, batch[0]), layer.get_parameter("weight").detach().clone()
    mask = some_masks(nn.Sequential(layer), seed=3)["0.weight"]
    options = l_obs.Options(images=30, damping=1e-9)
    measured = l_obs.measure(probe_of(nn.Sequential(layer), batch), options)
    found = l_obs.compensate(weight, mask, options, **{key: values["0.weight"] for key, values in measured.items()})
    assert found.shape == weight.shape
    assert (found[~mask] == 0).all()
    best = error(found.requires_grad_())
    assert best < error(weight * mask)
    (slope,) = torch.autograd.grad(best, found)
    assert (slope[mask].abs() < 1e-7).all()  # flat in all that is free


def test_a_layer_that_sees_only_zeros_is_scored_zero_and_not_refused() -> None:
    model = nn.Sequential(nn.Linear(3, 2)).double()
    batch = torch.zeros(4, 3, dtype=torch.float64), torch.zeros(4, dtype=torch.int64)
    probe = probe_of(model, batch)
    before = probe.network.weights()["0.weight"].clone()
    Choice(probe, score={"name": "l-obs", "images": 4, "damping": 0.01}, shape="weight", allocation="uniform").prune(
        0.5, monotone=True
    )
    after, mask = probe.network.weights()["0.weight"], probe.network.masks()["0.weight"]
    assert torch.equal(after, before * mask)


def attention() -> tuple[Probe, Plain]:
    """A small transformer, whose attention torch computes in fused kernels where it may."""
    torch.manual_seed(0)
    encoder = nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0, batch_first=True, activation="gelu")
    model = nn.Sequential(encoder, nn.Flatten(), nn.Linear(12, 3)).double()
    plain = Plain(model, training=False)
    return probe_of(model, images(5, 3, 4)), plain


def test_l_obs_leaves_out_what_attention_multiplies_itself() -> None:
    probe, _ = attention()
    found = score({"name": "l-obs", "images": 5, "damping": 0.1}, probe).saliency
    assert list(found) == ["0.linear1.weight", "0.linear2.weight", "2.weight"]
    assert len(probe.network.weights()) == 5


def test_second_derivatives_and_gradients_of_images_pass_attention() -> None:
    probe, plain = attention()
    batch = images(5, 3, 4)
    vector = torch.randn(plain.vector.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    product = hessian_vector_product(probe, probe.loss, plain.split(vector), 5, training=False)
    ahead, behind = (plain.gradient(plain.vector + step * vector, [batch]) for step in (1e-5, -1e-5))
    close(flat(product), (ahead - behind) / 2e-5, rtol=1e-6)
    close(flat(mean_gradient(probe, probe.loss, 5, training=False)), plain.gradient(plain.vector, [batch]))
    close(flat(fisher.fisher_diagonal(probe, 5)), image_gradients(plain, batch).square().mean(dim=0))
