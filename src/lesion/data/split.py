"""A split of a study as tensors, and the way from stored pixels to what a network sees."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lesion.artifacts import paths
from lesion.artifacts.arrays import read_arrays
from lesion.artifacts.tables import EXAMPLES, read_facts, read_parquet


@dataclass(frozen=True)
class Normalise:
    """From stored pixels to network input: uint8 (n, h, w, c) to float32 (n, c, h, w), channel by channel."""

    mean: Tensor
    std: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        """Scale to [0, 1], subtract the mean, divide by the standard deviation.

        What comes out lies channels-last in memory; with a single channel, where both orders are the same, its strides
        say channels-first, for which convolutions of few channels are faster.
        """
        pixels = images.to(torch.float32).div_(255).sub_(self.mean.to(images.device)).div_(self.std.to(images.device))
        return pixels.permute(0, 3, 1, 2) if pixels.shape[3] > 1 else pixels.squeeze(3).unsqueeze(1)


@dataclass(frozen=True)
class Split:
    """The examples of one split, in order of example_id.

    Attributes
    ----------
    example_id : int32 (n,)
    images : uint8 (n, h, w, c)
    label : int64 (n,)
    normalise : maps `images` to network input
    class_names : in order of label
    """

    example_id: Tensor
    images: Tensor
    label: Tensor
    normalise: Normalise
    class_names: tuple[str, ...]


def read_split(study: str, split: str) -> Split:
    """Read the examples whose split is `split` (`train` or `test`)."""
    table = read_parquet(paths.examples(study), EXAMPLES)
    arrays, _ = read_arrays(paths.images(study))
    rows = np.flatnonzero(np.asarray(table.column("split").to_pylist()) == split)
    return Split(
        example_id=torch.from_numpy(table.column("example_id").to_numpy()[rows]),
        images=torch.from_numpy(arrays["images"][rows]),
        label=torch.from_numpy(table.column("label").to_numpy()[rows].astype(np.int64)),
        normalise=Normalise(torch.from_numpy(arrays["mean"]), torch.from_numpy(arrays["std"])),
        class_names=tuple(read_facts(paths.examples(study))["class_names"]),
    )
