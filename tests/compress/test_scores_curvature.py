import itertools
import re

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from lesion.compress.choice import Choice, compute_saliency
from lesion.compress.measurements import fisher
from lesion.compress.measurements import image_gradients as own_gradients
from lesion.compress.measurements.gradient import mean_gradient
from lesion.compress.measurements.hessian import hessian_vector_product
from lesion.compress.probe import Batch
from lesion.compress.scores import woodfisher
from tests.compress.probing import Plain, attention, close, flat, images, parts, probe_of, smooth_network, some_masks

BATCH = images()
PARTS = parts(BATCH, 3)
WOODFISHER = woodfisher.Options(images=7, block=5, damping=1e-3)


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
    found = compute_saliency(
        {"name": "obd", "images": 7 * often}, probe_of(model, (many[0], many[1]), part=500, masks=masks)
    )
    error = flat(found.measured["curvature"]) - squares.mean(dim=(0, 1))
    spread = squares.var(dim=1, correction=0).sum(dim=0).div(7 * 7 * often).sqrt()
    assert (error.abs() <= 5 * spread + 1e-12).all()
    assert (error.abs() > spread / 100).any()  # an estimate


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("activation", [nn.ReLU(), nn.Tanh()], ids=str)
def test_without_draws_obd_has_the_exact_diagonal(masked: bool, activation: nn.Module) -> None:
    model = smooth_network(activation=activation)
    masks = some_masks(model) if masked else {}
    expected = along_root_by_hand(Plain(model, masks, training=False), BATCH).mean(dim=(0, 1))
    probe = probe_of(model.train(), BATCH, masks=masks)
    before = {name: value.clone() for name, value in model.named_buffers()}
    found = compute_saliency({"name": "obd", "images": 7, "draws": None}, probe)
    close(flat(found.measured["curvature"]), expected)
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())
    assert model.training


def test_more_draws_of_obd_come_closer_to_the_exact_diagonal() -> None:
    def diagonal(draws: int | None) -> Tensor:
        probe = probe_of(smooth_network(), BATCH)
        return flat(compute_saliency({"name": "obd", "images": 7, "draws": draws}, probe).measured["curvature"])

    one, many = ((diagonal(draws) - diagonal(None)).norm() for draws in (1, 100))
    assert many < one / 2


def test_obd_scores_are_half_the_diagonal_times_the_squared_weight() -> None:
    model = smooth_network()
    plain = Plain(model, training=False)
    found = compute_saliency({"name": "obd", "images": 7}, probe_of(model, BATCH))
    close(flat(found.values), flat(found.measured["curvature"]) * plain.vector**2 / 2)
    assert (flat(found.values) >= 0).all()


def image_gradients(plain: Plain, batch: Batch = BATCH) -> Tensor:
    """Of the loss of each image, one after the other: (n, weights)."""
    return torch.stack([plain.gradient(plain.vector, [one]) for one in parts(batch, 1)])


@pytest.mark.parametrize("at_once", [1, 2 * 32 * 8, 2**20])
def test_the_fisher_diagonal_is_that_of_a_loop_over_images(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_gradients, "AT_ONCE", at_once)
    model = smooth_network()
    plain = Plain(model, training=False)
    expected = image_gradients(plain).square().mean(dim=0) * plain.vector**2 / 2
    close(flat(compute_saliency({"name": "obd-fisher", "images": 7}, probe_of(model, BATCH)).values), expected)


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
        saliency = compute_saliency({"name": "woodfisher", **WOODFISHER.model_dump()}, probe).values[name]
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


@pytest.mark.parametrize("images_of_it", [3, 7])
@pytest.mark.parametrize("seed", range(4))
def test_the_update_of_woodfisher_does_not_raise_the_loss_above_the_mask_alone(images_of_it: int, seed: int) -> None:
    score = {"name": "woodfisher", "images": images_of_it, "block": 12, "damping": 1e-9}
    losses = []
    for updates in (False, True):
        probe = probe_of(smooth_network(seed), BATCH)
        choice = Choice(probe, score=score, shape="weight", allocation="uniform")
        if not updates:
            choice._compensate = lambda *_: None  # type: ignore[method-assign]
        choice.prune(0.7, monotone=True)
        losses.append(probe.mean_loss(images_of_it))
        for name, mask in probe.network.masks().items() if updates else ():
            assert (probe.network.weights()[name][~mask] == 0).all()
    assert losses[1] <= losses[0]


def test_an_update_that_raises_the_loss_is_halved_or_undone_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    score = {"name": "woodfisher", "images": 7, "block": 12, "damping": 1e-3}
    for factor, told in ((0.0, False), (-1e6, True)):
        model = smooth_network()
        before = {name: weight.clone() for name, weight in Plain(model, training=False).weights.items()}
        monkeypatch.setattr(
            woodfisher, "compensate", lambda weight, mask, *_, by=factor, **__: weight * mask * (1 + by)
        )
        caplog.clear()
        probe = probe_of(model, BATCH)
        Choice(probe, score=score, shape="weight", allocation="uniform").prune(0.5, monotone=True)
        for name, mask in probe.network.masks().items():
            assert torch.equal(probe.network.weights()[name], before[name] * mask)
        messages = [record.message for record in caplog.records]
        assert any(message.startswith("woodfisher: 7 images for blocks of 12 weights") for message in messages)
        assert any(re.search("raises the loss on the 7 images .* 0.0 of it", message) for message in messages) == told


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


def test_second_derivatives_and_gradients_of_images_pass_attention() -> None:
    probe, plain = attention()
    batch = images(5, 3, 4)
    vector = torch.randn(plain.vector.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    product = hessian_vector_product(probe, probe.loss, plain.split(vector), 5, training=False)
    ahead, behind = (plain.gradient(plain.vector + step * vector, [batch]) for step in (1e-5, -1e-5))
    close(flat(product), (ahead - behind) / 2e-5, rtol=1e-6)
    close(flat(mean_gradient(probe, probe.loss, 5, training=False)), plain.gradient(plain.vector, [batch]))
    close(flat(fisher.fisher_diagonal(probe, 5)), image_gradients(plain, batch).square().mean(dim=0))
