"""A tiny training: random images, a small network, a short recipe."""

import torch
from torch import nn

from lesion.data.images import PackedImages
from lesion.data.split import Normalise, Split
from lesion.models.small_cnn import Options, build
from lesion.params.augmentation import Augmentation
from lesion.params.recipe import Recipe

RECIPE = Recipe(
    epochs=3,
    batch=8,
    micro_batch=8,
    rate=0.05,
    warmup=1.0,
    decay=[2],
    decay_factor=0.1,
    momentum=0.9,
    weight_decay=5.0e-4,
    label_smoothing=0.0,
    augmentation=Augmentation(shift=0, mirror=False, smallest_area=1.0),
    precision={"cpu": "float32", "cuda": "float32"},
    threads=1,
    workers=0,
)


def random_split(examples: int = 70, classes: int = 4, *, seed: int = 5) -> Split:
    """Random images of 8 × 8 × 1 with random labels: 8 batches of 8 an epoch, and six images that are left out."""
    generator = torch.Generator().manual_seed(seed)
    return Split(
        example_id=torch.arange(examples, dtype=torch.int32),
        images=PackedImages(torch.randint(256, (examples, 8, 8, 1), generator=generator, dtype=torch.uint8).numpy()),
        label=torch.randint(classes, (examples,), generator=generator),
        normalise=Normalise(torch.tensor([0.5]), torch.tensor([0.29])),
        class_names=tuple(str(label) for label in range(classes)),
        class_ids=tuple(str(label) for label in range(classes)),
    )


def small_network(seed: int = 0) -> nn.Module:
    """Two convolutions with batch norm and a linear layer, initialised from `seed`."""
    torch.manual_seed(seed)
    return build(Options(widths=[4, 6]), channels=1, side=8, classes=4)
