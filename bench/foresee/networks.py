"""What the dense members of a study give each test image, from their checkpoints: probabilities, and gradients."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import yaml
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional

from lesion.compress.restore import restored
from lesion.data.split import Split, read_split

Floats = npt.NDArray[np.float64]

BATCH = 100


def members(study: Path) -> Iterator[tuple[int, nn.Module, Split]]:
    """Number and network of each dense member of a study, `results/<study>`, and its test images."""
    params = yaml.safe_load((study.parents[1] / "params.yaml").read_text())
    split = read_split(study / "data" / "examples.parquet", study / "data" / "images.safetensors", "test")
    for checkpoint in sorted((study / "checkpoints" / "dense").glob("*.safetensors")):
        model, variant = params["studies"][study.name]["model"], params["variants"]["dense"]
        for member, network in restored(checkpoint, model=model, compression=variant, split=split):
            yield member, network.eval(), split


def batches(split: Split) -> Iterator[tuple[Tensor, Tensor]]:
    """Normalised test images and their labels."""
    for start in range(0, len(split.label), BATCH):
        rows = np.arange(start, min(start + BATCH, len(split.label)))
        yield split.normalise(torch.from_numpy(split.images.read(rows))), split.label[rows]


def probabilities(network: nn.Module, split: Split) -> Floats:
    """float64 (examples, classes)."""
    with torch.inference_mode():
        found = [network(inputs).double().softmax(dim=1).numpy() for inputs, _ in batches(split)]
    return np.concatenate(found)


def gradient_norms(network: nn.Module, split: Split) -> Floats:
    """GraNd: the norm of the gradient of each image's loss by all weights (Paul et al. 2021): float64 (examples,)."""
    weights = {name: weight.detach() for name, weight in network.named_parameters()}
    buffers = dict(network.named_buffers())

    def loss(weights: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
        said = functional_call(network, (weights, buffers), (image[None],))
        return functional.cross_entropy(said, label[None])

    each = vmap(grad(loss), in_dims=(None, 0, 0))
    found = []
    for inputs, label in batches(split):
        gradients = each(weights, inputs, label)
        square = sum(one.flatten(1).double().square().sum(dim=1) for one in gradients.values())
        assert isinstance(square, Tensor)
        found.append(square.sqrt().numpy())
    return np.concatenate(found)
