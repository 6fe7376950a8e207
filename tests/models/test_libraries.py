"""Networks of torchvision and timm by name, against the counts that their authors publish."""

import socket
from typing import Any

import pytest
import timm as library
import torch
from torch import nn
from torchvision import models

from lesion.errors import InputError
from lesion.models import timm, torchvision
from lesion.models.build import load_weights
from lesion.models.catalogue import fitting
from tests.models.counting import WithoutMemory, parameters

AUXILIARY = {"inception_v3": 3_326_696}
"""Parameters of the head that only training runs, which the published count includes; GoogLeNet's leaves them out."""


@pytest.mark.parametrize("name", models.list_models(module=models))
def test_parameters_of_torchvision_are_the_published_ones(name: str) -> None:
    published = models.get_model_weights(name).DEFAULT.meta
    side = published["min_size"][0] if name.startswith("vit_") else 224  # ViT-H/14 was published for 518 pixels
    with WithoutMemory():
        model = models.get_model(name, weights=None, **torchvision.special_arguments(name, side))
    assert parameters(model) == published["num_params"] - AUXILIARY.get(name, 0)


# fmt: off
TIMM = [
    ("resnet50", 25.56), ("resnet18", 11.69), ("vit_tiny_patch16_224", 5.72), ("vit_small_patch16_224", 22.05),
    ("deit_tiny_patch16_224", 5.72), ("convnext_tiny", 28.59), ("mobilenetv3_large_100", 5.48),
    ("mobilenetv2_100", 3.5), ("efficientnet_b0", 5.29), ("tf_efficientnet_b0", 5.29),
    ("swin_tiny_patch4_window7_224", 28.29), ("swinv2_tiny_window8_256", 28.35), ("mixer_b16_224", 59.88),
    ("regnety_032", 19.44), ("regnetx_002", 2.68), ("densenet121", 7.98), ("vgg16", 138.36), ("dla34", 15.74),
    ("hrnet_w18_small", 13.19), ("ghostnet_100", 5.18), ("mobilevit_xs", 2.32), ("pvt_v2_b0", 3.67),
    ("poolformer_s12", 11.92), ("convit_tiny", 5.71), ("xcit_nano_12_p16_224", 3.05), ("coat_lite_tiny", 5.72),
    ("sequencer2d_s", 27.65), ("nf_resnet50", 25.56),
]
# fmt: on


@pytest.mark.parametrize(("name", "published"), TIMM)
def test_parameters_of_timm_are_the_published_ones(name: str, published: float) -> None:
    """In millions, of timm's results/results-imagenet.csv."""
    with WithoutMemory():
        model = library.create_model(name, pretrained=False)
    assert round(parameters(model) / 1e6, 2) == published


def build(module: Any, name: str, *, channels: int = 3, side: int = 32, classes: int = 7) -> nn.Module:
    model = module.build(module.Options(architecture=name), channels=channels, side=side, classes=classes)
    assert isinstance(model, nn.Module)
    return model


@pytest.mark.parametrize(
    ("module", "name", "channels", "side"),
    [
        (torchvision, "resnet18", 3, 32),
        (torchvision, "mobilenet_v3_small", 3, 24),
        (torchvision, "googlenet", 3, 32),
        (timm, "vit_tiny_patch16_224", 1, 32),
        (timm, "resnet18", 1, 8),
        (timm, "mobilenetv3_small_050", 4, 40),
    ],
)
def test_logits_have_a_row_for_each_image(module: Any, name: str, channels: int, side: int) -> None:
    model = build(module, name, channels=channels, side=side)
    assert all(part.training for part in model.modules())
    assert model(torch.rand(2, channels, side, side)).shape == (2, 7)


@pytest.mark.parametrize(("module", "name"), [(torchvision, "mobilenet_v3_small"), (timm, "vit_tiny_patch16_224")])
def test_seeds_reproduce_weights(module: Any, name: str) -> None:
    def state(seed: int) -> dict[str, torch.Tensor]:
        torch.manual_seed(seed)
        return build(module, name).state_dict()

    one, again, other = state(0), state(0), state(1)
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert any(not torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize(
    ("module", "name", "images", "message"),
    [
        (torchvision, "resnet5", {}, "torchvision has no architecture named 'resnet5'; did you mean resnet50 or"),
        (torchvision, "fcn_resnet50", {}, "no architecture named 'fcn_resnet50'"),  # it segments
        (torchvision, "resnet18", {"channels": 1}, "take images of 3 channels, the data have 1"),
        (
            torchvision,
            "vit_b_16",
            {"side": 30},
            r"vit_b_16 does not take images of shape \(1, 3, 30, 30\): Input shape",
        ),
        (torchvision, "alexnet", {}, "alexnet does not take images of shape"),
        (torchvision, "inception_v3", {}, "inception_v3 does not take images of shape"),
        (timm, "vit_tiny", {}, "timm has no architecture named 'vit_tiny'; did you mean .*vit_tiny"),
        (timm, "hf-hub:timm/resnet18", {}, "timm has no architecture named 'hf-hub:timm/resnet18'"),
        (timm, "maxvit_tiny_rw_256", {"side": 33}, "maxvit_tiny_rw_256 does not take images of shape"),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(
    module: Any, name: str, images: dict[str, int], message: str
) -> None:
    with pytest.raises(InputError, match=message) as refused:
        build(module, name, **images)
    assert "\n" not in str(refused.value)


def test_timm_asks_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    build(timm, "resnet18")


def test_trying_a_network_changes_nothing_in_it() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Flatten(), nn.Linear(8, 3))
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    draws = torch.get_rng_state()
    assert fitting(lambda: model, what="it", channels=1, side=4, classes=3) is model
    assert torch.equal(torch.get_rng_state(), draws)
    assert all(torch.equal(state[name], tensor) for name, tensor in model.state_dict().items())
    with pytest.raises(InputError, match="it does not give 4 logits for an image"):
        fitting(lambda: model, what="it", channels=1, side=4, classes=4)


def test_stored_weights_load_where_a_module_asks_for_its_version() -> None:
    options = torchvision.Options(architecture="mnasnet0_5")
    own, other = (torchvision.build(options, channels=3, side=32, classes=4) for _ in range(2))
    load_weights(other, dict(own.state_dict()))  # as from a file: a plain mapping
    assert all(torch.equal(value, own.state_dict()[name]) for name, value in other.state_dict().items())
