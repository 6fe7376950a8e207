import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from lesion.compress.choice import Choice, compute_saliency
from lesion.compress.measurements import layer_inputs
from lesion.compress.measurements.layer_inputs import second_moments
from lesion.compress.scores import l_obs
from tests.compress.probing import Plain, attention, close, hessian, images, probe_of, smooth_network, some_masks

BATCH = images()


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


class PadsItself(nn.Conv2d):
    """A convolution that pads its input by an odd number, as timm's `Conv2dSame` does."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(functional.pad(inputs, (0, 1, 1, 1)))


LAYERS: list[tuple[nn.Module, tuple[int, ...]]] = [
    (nn.Linear(3, 2), (3,)),
    (nn.Linear(3, 2, bias=False), (4, 3)),
    (nn.Conv2d(1, 2, 2), (1, 3, 4)),
    (nn.Conv2d(4, 4, (2, 3), stride=(2, 1), padding=(1, 2), groups=2), (4, 5, 3)),
    (nn.Conv2d(3, 3, 2, groups=3, dilation=(1, 2), padding="same"), (3, 3, 4)),
    (nn.Conv2d(2, 2, 3, stride=2, padding=1, padding_mode="reflect"), (2, 4, 5)),
    (PadsItself(2, 2, 3, stride=2), (2, 4, 5)),
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


def test_l_obs_leaves_out_what_attention_multiplies_itself() -> None:
    probe, _ = attention()
    found = compute_saliency({"name": "l-obs", "images": 5, "damping": 0.1}, probe).values
    assert list(found) == ["0.linear1.weight", "0.linear2.weight", "2.weight"]
    assert len(probe.network.weights()) == 5
