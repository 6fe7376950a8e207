"""A member, its compressed copy and images, and what brute force finds of them."""

from collections.abc import Callable, Sequence
from copy import deepcopy

import numpy as np
import torch
from torch import nn

from lesion.data.images import PackedImages
from lesion.data.split import Normalise, Split
from lesion.params.recipe import Evaluation
from lesion.predict.layers.graft import Layer, changed_layers
from lesion.predict.layers.one_at_a_time import Predictions
from lesion.predict.layers.scan import Pair
from lesion.predict.layers.shown import Shown
from tests.predict.layers.networks import images, made, rounded

CPU = torch.device("cpu")


def evaluation(batch: int = 32) -> Evaluation:
    return Evaluation(batch=batch, precision={"cpu": "float32", "cuda": "float32"}, threads=1, workers=0)


def shown(count: int = 80) -> Shown:
    """Random images of five classes."""
    draws = np.random.default_rng(3)
    pixels = draws.integers(0, 256, (count, 8, 8, 2), dtype=np.uint8)
    normalise = Normalise(torch.full((2,), 0.5), torch.full((2,), 0.25))
    label, names = torch.from_numpy(draws.integers(0, 5, count)), tuple("abcde")
    return Shown(Split(torch.arange(count), PackedImages(pixels), label, normalise, names, names), np.arange(count))


def pair(make: Callable[[], nn.Module], seed: int = 0, steps: float = 3.0) -> Pair:
    return Pair(made(make, seed), rounded(make, seed, steps))


def layers_of(of: Pair) -> list[Layer]:
    return changed_layers(of.parent, of.compressed, images(1))


def by_brute_force(of: Pair, compressed: Sequence[Layer], seen: Shown) -> Predictions:
    """The predictions of a network whose weights were copied together, of all images at once."""
    network = deepcopy(of.parent)
    state, other = network.state_dict(), of.compressed.state_dict()
    names = [name for layer in compressed for path in layer.paths for name in state if name.startswith(f"{path}.")]
    network.load_state_dict(state | {name: other[name] for name in names})
    with torch.no_grad():
        inputs = seen.split.normalise(torch.from_numpy(seen.split.images.read(seen.rows)))
        return np.asarray(network(inputs).argmax(dim=1).numpy())
