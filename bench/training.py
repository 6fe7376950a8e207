"""ResNet-20 on 32 × 32 images on one core: against a plain loop, and against the peak of a bf16 matrix product."""

import time
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from bench.measure import row
from lesion.compress.methods import dense
from lesion.data.images import PackedImages
from lesion.data.split import Normalise, Split
from lesion.models.cifar_resnet import Options, build
from lesion.params.augmentation import Augmentation
from lesion.params.recipe import Evaluation, PrecisionByDevice, Recipe
from lesion.predict.evaluate import logits, read_batches
from lesion.train.device import computing, place
from lesion.train.loop import fit
from lesion.train.seeds import Seeds

IMAGES, BATCH, CLASSES = 2048, 128, 10
MULTIPLY_ADDS = 40.55e6  # of a forward pass of one image; a training step is three of them
MEAN, STD = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)
BFLOAT16: PrecisionByDevice = {"cpu": "bfloat16", "cuda": "bfloat16"}


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The least of several runs, after one to warm up."""
    work()
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return min(spent)


def peak() -> float:
    """Flops a second of a bf16 matrix product."""
    side = 2048
    left, right = (torch.randn(side, side).bfloat16() for _ in range(2))
    return 2 * side**3 / seconds(lambda: left @ right, times=10)


def network() -> nn.Module:
    """ResNet-20 of He et al."""
    torch.manual_seed(0)
    return build(Options(depth=20), channels=3, side=32, classes=CLASSES)


class PillowImages(Dataset[tuple[torch.Tensor, int]]):
    """What most code does: each image through Pillow and torchvision's transforms."""

    def __init__(self, pixels: np.ndarray, label: np.ndarray, *, augment: bool) -> None:
        varied = [transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip()] if augment else []
        self.transform = transforms.Compose([*varied, transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
        self.pixels, self.label = pixels, label

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.pixels[place])), int(self.label[place])


def plain(pixels: np.ndarray, label: np.ndarray) -> tuple[Callable[[], None], Callable[[], None]]:
    """A loop of DataLoader, Pillow transforms and float32: training and evaluation of all images."""
    model = network()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)

    def train() -> None:
        model.train()
        for images, wanted in DataLoader(PillowImages(pixels, label, augment=True), BATCH, shuffle=True):
            loss = functional.cross_entropy(model(images), wanted)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

    def evaluate() -> None:
        model.eval()
        with torch.no_grad():
            for images, _ in DataLoader(PillowImages(pixels, label, augment=False), BATCH):
                model(images).argmax(dim=1)

    return train, evaluate


def ours(pixels: np.ndarray, label: np.ndarray) -> tuple[Callable[[], None], Callable[[], None]]:
    """The same by `fit` and by the loop of `predict`."""
    split = Split(
        example_id=torch.arange(IMAGES, dtype=torch.int32),
        images=PackedImages(pixels),
        label=torch.from_numpy(label),
        normalise=Normalise(torch.tensor(MEAN), torch.tensor(STD)),
        class_names=(), class_ids=(),
    )  # fmt: skip
    recipe = Recipe(
        epochs=1.0, batch=BATCH, micro_batch=BATCH, rate=0.1, warmup=0.0, decay=[], decay_factor=0.1, momentum=0.9,
        weight_decay=5e-4, label_smoothing=0.0, paired=False, precision=BFLOAT16, threads=1, workers=0,
        augmentation=Augmentation(shift=4, mirror=True, smallest_area=1.0),
    )  # fmt: skip
    evaluation = Evaluation(batch=BATCH, precision=BFLOAT16, threads=1, workers=0)
    device = torch.device("cpu")
    model = place(network(), device, channels=3)

    def train() -> None:
        method = dense.Training(model, dense.Options(), steps=1, sample=None, examples=IMAGES, seed=0)
        fit(model, method, split, recipe=recipe, seeds=Seeds(0, 1, 2, 3), device=device)

    def evaluate() -> None:
        model.eval()
        for batch in read_batches(split.images, IMAGES, evaluation):
            logits(model, split.normalise(batch), evaluation).argmax(dim=1)

    return train, evaluate


def main() -> None:
    """Print the rows."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES, 32, 32, 3), dtype=np.uint8)
    label = rng.integers(0, CLASSES, IMAGES)
    with computing(threads=1):
        flops = peak()
        row("peak of a bf16 matrix product, one core", f"{flops / 1e9:.0f} Gflop/s")
        work = {"training": 3, "evaluation": 1}
        for (name, passes), base, mine in zip(work.items(), plain(pixels, label), ours(pixels, label), strict=True):
            slow, fast = (IMAGES / seconds(run) for run in (base, mine))
            reached = fast * passes * 2 * MULTIPLY_ADDS / flops
            row(f"ResNet-20, {name}: plain loop, float32", f"{slow:.0f} images/s")
            row(f"ResNet-20, {name}", f"{fast:.0f} images/s, {fast / slow:.1f} × plain", "4 × plain")
            row(f"ResNet-20, {name}: share of the peak", f"{reached:.2f}", "0.6")


if __name__ == "__main__":
    main()
