"""Samples of training images, balanced over the classes, for what is measured on some of them alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lesion.data.split import Split

Batch = tuple[Tensor, Tensor]
"""Normalised images, float32 (n, c, h, w), and their labels, int64 (n,)."""


def balanced_rows(label: npt.NDArray[np.int64], count: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """`count` rows drawn at random, as many of each class as can be: numbers differ by one where there are enough.

    All rows, in a random order, where there are no more than `count`.
    """
    order = rng.permutation(len(label))
    by_class = order[np.argsort(label[order], kind="stable")]
    starts = np.flatnonzero(np.diff(label[by_class], prepend=-1))
    rank = np.arange(len(label)) - np.repeat(starts, np.diff(starts, append=len(label)))  # within the class
    return by_class[np.lexsort((rng.random(len(label)), rank))[:count]]


@dataclass(frozen=True)
class TrainingSampler:
    """Where samples of a training split come from, in parts that a device can hold at once."""

    split: Split
    device: torch.device
    part: int

    def __call__(self, count: int, seed: int) -> Iterator[Batch]:
        """`count` images as evaluation would see them, balanced over the classes; the same for the same seed."""
        rows = balanced_rows(self.split.label.numpy(), count, np.random.default_rng(seed))
        for first in range(0, len(rows), self.part):
            chosen = rows[first : first + self.part]
            pixels = torch.from_numpy(self.split.images.read(chosen)).to(self.device)
            yield self.split.normalise(pixels), self.split.label[chosen].to(self.device)
