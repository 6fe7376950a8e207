"""A tiny training: random images, a small network, a short recipe, and a method from its variant."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lesion import plugins
from lesion.compress.masks import prunable
from lesion.compress.training import Training
from lesion.data.images import PackedImages
from lesion.data.sample import TrainingSampler
from lesion.data.split import Normalise, Split
from lesion.models.small_cnn import Options, build
from lesion.params.augmentation import Augmentation
from lesion.params.recipe import Recipe
from lesion.train.loop import fit
from lesion.train.seeds import Seeds

Look = Callable[[int, Optimizer], object]

CPU = torch.device("cpu")
SEEDS = Seeds(initialisation=1, order=2, augmentation=3, method=4)
STEPS = 24  # of one training by the recipe: 3 epochs of 8 batches
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
    paired=False,
    precision={"cpu": "float32", "cuda": "float32"},
    threads=1,
    workers=0,
)


def recipe(**changed: object) -> Recipe:
    """The recipe, some of it changed."""
    return Recipe.model_validate(RECIPE.model_dump() | changed)


def random_split(examples: int = 70, classes: int = 4, *, seed: int = 5, side: int = 8, channels: int = 1) -> Split:
    """Random images with random labels: 8 batches of 8 an epoch, and six images that are left out."""
    generator = torch.Generator().manual_seed(seed)
    return Split(
        example_id=torch.arange(examples, dtype=torch.int32),
        images=PackedImages(
            torch.randint(256, (examples, side, side, channels), generator=generator, dtype=torch.uint8).numpy()
        ),
        label=torch.randint(classes, (examples,), generator=generator),
        normalise=Normalise(torch.full((channels,), 0.5), torch.full((channels,), 0.29)),
        class_names=tuple(str(label) for label in range(classes)),
        class_ids=tuple(str(label) for label in range(classes)),
    )


PRODUCTS = 9 + 8 * 16 + 9 * 4 + 8 * 4 + 4 * 6
"""What `small_network` adds up from eight images to a logit: windows, statistics of each norm, a row of the matrix."""


def small_network(seed: int = 0) -> nn.Module:
    """Two convolutions with batch norm and a linear layer, initialised from `seed`."""
    torch.manual_seed(seed)
    return build(Options(widths=[4, 6]), channels=1, side=8, classes=4)


def sample(split: Split | None = None) -> TrainingSampler:
    """Samples of the random images, eight at a time."""
    return TrainingSampler(random_split() if split is None else split, CPU, 8)


def pruned(**axes: Any) -> dict[str, Any]:
    """A variant of method prune as params.yaml has it: half of all weights at initialisation, but for what is named."""
    plain = {"score": "magnitude", "shape": "weight", "allocation": "uniform", "schedule": "at-initialisation"}
    return {"method": "prune", "sparsity": 0.5} | plain | axes


def method_of(model: nn.Module, variant: dict[str, Any], *, steps: int = STEPS, split: Split | None = None) -> Any:
    """What a variant does while `model` is trained on the random images."""
    options = plugins.options("method", variant, where="variant", key="method")
    return plugins.load("method", variant["method"]).Training(
        model, options, steps=steps, sample=sample(split), examples=70, seed=SEEDS.method
    )


def train(
    model: nn.Module, method: Training, chosen: Recipe = RECIPE, *, on_step: Callable[[], None] = lambda: None
) -> float:
    """Train on the random images; the last loss."""
    return fit(model, method, random_split(), recipe=chosen, seeds=SEEDS, device=CPU, on_step=on_step)


def nothing(step: int, optimiser: Optimizer) -> None:
    """Look away."""


class Watched:
    """A method that is looked at before and after each of its `before_step`."""

    def __init__(self, method: Any, *, before: Look = nothing, after: Look = nothing) -> None:
        self.method, self._before, self._after = method, before, after
        self.trainings, self.learned = method.trainings, method.learned
        self.penalty, self.finish = method.penalty, method.finish
        if hasattr(method, "batch_loss"):
            self.batch_loss = method.batch_loss

    def before_step(self, step: int, optimiser: Optimizer) -> None:
        self._before(step, optimiser)
        self.method.before_step(step, optimiser)
        self._after(step, optimiser)


def effective(model: nn.Module) -> dict[str, Tensor]:
    """The weights that can be pruned as the network computes with them, masks and all."""
    with torch.no_grad():
        return {name: getattr(layer, attribute).clone() for name, layer, attribute in prunable(model)}


def masks(model: nn.Module) -> dict[str, Tensor]:
    """Which weights the masks in force keep."""
    return {
        name: layer.get_buffer(f"parametrizations.{attribute}.0.mask") != 0
        for name, layer, attribute in prunable(model)
    }


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether two states are the same to the bit, as copies are, and one computation repeated."""
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())
