"""Images as a network is shown them: as the data, the publisher of its weights, or params.yaml says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from lesion.data.images import FileImages
from lesion.data.prepare import prepare
from lesion.data.split import Split, read_split
from lesion.errors import InputError
from lesion.models.build import build
from lesion.models.inputs import own_input, read_inputs
from lesion.params.network import Input
from lesion.plugins import options
from tests.data.image_files import write_image
from tests.data.photographs import pictures, sources

CNN = {"name": "small-cnn", "widths": [4]}


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two files of the `data` step, of real images in four classes, each of another size."""
    root = tmp_path_factory.mktemp("photographs")
    found = pictures(sources(224)[-1], 8, every=40)
    for number, picture in enumerate(found):
        for part in ("train", "val"):
            path = root / "images" / part / f"n0144076{number % 4}" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path)
    return prepared(root, {"name": "imagenet", "root": str(root / "images")})


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two files of the `data` step, of packed images of 8 pixels."""
    root = tmp_path_factory.mktemp("small")
    for number in range(4):
        for part in ("train", "test"):
            write_image(root / "images" / part / f"c{number % 2}" / f"{number}.png", seed=number)
    return prepared(root, {"name": "cifar10", "path": str(root / "images")})


def prepared(folder: Path, data: dict[str, object]) -> Path:
    prepare(study="s", data=data, examples=folder / "examples.parquet", images=folder / "images.safetensors")
    return folder


def read(folder: Path, model: dict[str, Any], split: str = "test") -> Split:
    return read_inputs(model, folder / "examples.parquet", folder / "images.safetensors", split)


def shown(split: Split) -> torch.Tensor:
    return split.normalise(torch.from_numpy(split.images.read(np.arange(len(split.label)))))


def opened(split: Split) -> list[Image.Image]:
    assert isinstance(split.images, FileImages)
    return [Image.open(split.images.root / file) for file in split.images.files.to_pylist()]


def test_without_input_images_are_shown_as_the_data_are(photographs: Path, small: Path) -> None:
    for folder in (photographs, small):
        plain = read_split(folder / "examples.parquet", folder / "images.safetensors", "test")
        assert torch.equal(shown(read(folder, CNN)), shown(plain))
        assert torch.equal(shown(read(folder, CNN | {"input": {}})), shown(plain))


NETWORKS = [
    ("timm", "tf_efficientnet_lite0", 224),
    ("timm", "efficientnet_b1", 240),
    ("timm", "inception_v3", 299),
    ("timm", "vit_base_patch16_384", 384),
    ("timm", "vit_base_patch16_siglip_224", 224),  # squashed
    ("torchvision", "resnet50", 224),
    ("torchvision", "efficientnet_b1", 240),
    ("torchvision", "vit_b_16", 224),
]


@pytest.mark.parametrize(("library", "architecture", "side"), NETWORKS)
def test_own_input_is_that_of_the_library(library: str, architecture: str, side: int, photographs: Path) -> None:
    split = read(photographs, {"name": library, "architecture": architecture, "input": "own"})
    assert split.images.shape == (side, 3)
    if library == "timm":
        data = pytest.importorskip("timm.data")
        config = data.resolve_data_config(
            pretrained_cfg=pytest.importorskip("timm").get_pretrained_cfg(architecture).to_dict()
        )
        transform = data.create_transform(**config)
    else:
        transform = pytest.importorskip("torchvision.models").get_model_weights(architecture).DEFAULT.transforms()
    expected = torch.stack([transform(image) for image in opened(split)])
    level = 1 / 255 / min(split.normalise.std).item()
    differences = (shown(split) - expected).abs()
    assert differences.max() <= 8.1 * level
    assert (differences > 2.1 * level).float().mean() < 1e-3


def test_weights_are_named(photographs: Path) -> None:
    resnet = {"name": "torchvision", "architecture": "resnet50"}
    resized = []
    for weights in ("IMAGENET1K_V1", "IMAGENET1K_V2"):
        images = read(photographs, resnet | {"input": {"weights": weights}}).images
        assert isinstance(images, FileImages)
        resized.append(images.geometry.resize)
    assert resized == [256, 232]
    own = own_input({"name": "timm", "architecture": "resnet50"}, "a1_in1k")
    assert own is not None
    assert own.geometry.resize == 235  # 224 of it are 95 %
    assert own.weights == "timm's resnet50.a1_in1k"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            {"name": "torchvision", "architecture": "resnet50", "input": {"weights": "V3"}},
            "no V3 of resnet50, but IMAGEN",
        ),
        ({"name": "timm", "architecture": "resnet18", "input": {"weights": "x"}}, "no x of resnet18, but a1_in1k, "),
        ({"name": "timm", "architecture": "resnet17", "input": "own"}, "no architecture named 'resnet17'"),
        (CNN | {"input": "own"}, "small-cnn has no weights of such a network, and so no input of its own"),
        (CNN | {"input": {"mean": [0.5]}}, "mean has 1 values, the images have 3 channels"),
        (CNN | {"input": {"resize": 200}}, r"side of 224 pixels: at most resize \(200\)"),
    ],
)
def test_what_cannot_be_shown_is_refused(model: dict[str, Any], message: str, photographs: Path) -> None:
    with pytest.raises(InputError, match=message):
        read(photographs, model)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("theirs", "own is expected, or a mapping"),
        ({"mean": []}, "at least 1 item"),
        ({"std": [0.5, 0.0, 0.5]}, "greater than 0"),
        ({"interpolation": "cubic"}, "bicubic"),
        ({"side": 300, "resize": 299}, "at most resize"),
        ({"channels": "gbr"}, "'rgb' or 'bgr'"),
        ({"means": [0.5]}, "there is no such key"),
    ],
)
def test_settings_are_checked(given: object, message: str) -> None:
    with pytest.raises(InputError, match=rf"^params\.yaml: model\.input.*{message}"):
        options("model", CNN | {"input": given}, where="model")


def test_a_mapping_leaves_the_rest_as_it_is(photographs: Path) -> None:
    plain = read(photographs, CNN)
    split = read(photographs, CNN | {"input": {"mean": [0.5, 0.4, 0.3]}})
    assert split.normalise.mean.tolist() == pytest.approx([0.5, 0.4, 0.3])
    assert torch.equal(split.normalise.std, plain.normalise.std)
    larger = read(photographs, CNN | {"input": {"side": 299}}).images
    assert isinstance(larger, FileImages)
    assert isinstance(plain.images, FileImages)
    assert larger.geometry == type(larger.geometry)(341, 299, plain.images.geometry.interpolation)


def test_keys_beside_weights_stand_for_what_these_say(photographs: Path) -> None:
    lite = {"name": "timm", "architecture": "tf_efficientnet_lite0"}
    split = read(photographs, lite | {"input": {"weights": "default", "side": 32, "resize": 40, "std": [1, 1, 1]}})
    assert split.images.shape == (32, 3)
    assert split.normalise.mean.tolist() == [0.5] * 3
    assert split.normalise.std.tolist() == [1] * 3


def test_channels_in_reverse_are_those_of_a_reversed_image(small: Path) -> None:
    given = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]}
    rgb, bgr = (shown(read(small, CNN | {"input": given | {"channels": order}})) for order in ("rgb", "bgr"))
    assert torch.equal(bgr, rgb[:, [2, 1, 0]])
    assert not torch.equal(bgr, rgb)


def test_packed_images_take_mean_and_deviation_alone(small: Path) -> None:
    split = read(small, CNN | {"input": {"mean": [0, 0, 0], "std": [1, 1, 1], "side": 8}})
    pixels = torch.from_numpy(split.images.read(np.arange(4)))
    assert torch.equal(shown(split), (pixels.float() / 255).permute(0, 3, 1, 2))
    resnet = {"name": "torchvision", "architecture": "resnet18"}
    for model, message in (
        (CNN | {"input": {"side": 16}}, "there are 16 pixels; the images are packed, of 8 pixels"),
        (CNN | {"input": {"resize": 9}}, "resize and interpolation are of image files"),
        (resnet | {"input": "own"}, "torchvision's resnet18, IMAGENET1K_V1 is shown 224 pixels; the images are packed"),
    ):
        with pytest.raises(InputError, match=message):
            read(small, model)


@pytest.mark.parametrize("side", [240, 299])
def test_a_network_is_made_for_the_side_that_is_shown(side: int, photographs: Path) -> None:
    split = read(photographs, {"name": "small-cnn", "widths": [2, 2], "input": {"side": side}})
    network = build({"name": "small-cnn", "widths": [2, 2]}, split)
    assert network(shown(split)[:1]).shape == (1, 4)


def test_own_is_short_for_the_default_weights() -> None:
    assert options("model", CNN | {"input": "own"}, where="model").input == Input(weights="default")
