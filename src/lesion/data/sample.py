"""Random samples of training images, balanced over the classes, for measurements on a part of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lesion.data.split import Split
from lesion.errors import InputError

Batch = tuple[Tensor, Tensor]
"""Normalised images, float32 (n, c, h, w), and their labels, int64 (n,)."""


def balanced_rows(label: npt.NDArray[np.int64], count: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Draw `count` rows at random, balanced over the classes: class sizes differ by at most 1 if there are enough rows.

    If there are `count` rows or fewer, all rows in a random order. A larger draw begins with the rows of a smaller one
    by a generator in the same state.
    """
    order = rng.permutation(len(label))
    by_class = order[np.argsort(label[order], kind="stable")]
    starts = np.flatnonzero(np.diff(label[by_class], prepend=-1))
    rank = np.arange(len(label)) - np.repeat(starts, np.diff(starts, append=len(label)))  # within the class
    return by_class[np.lexsort((rng.random(len(label)), rank))[:count]]


@dataclass(frozen=True)
class TrainingSampler:
    """Draws samples of a training split, in batches of `part` images on `device`."""

    split: Split
    device: torch.device
    part: int

    def __call__(self, count: int, seed: int) -> Iterator[Batch]:
        """Yield `count` images, without augmentation, balanced over the classes; the same images for the same seed.

        Raises
        ------
        InputError
            Where the split has no images.
        """
        if not len(self.split.label):
            raise InputError(
                "there are no images to look at: the data have no training images, and studies.<study>.calibration does"
                " not name the test images"
            )
        rows = balanced_rows(self.split.label.numpy(), count, np.random.default_rng(seed))
        for first in range(0, len(rows), self.part):
            chosen = rows[first : first + self.part]
            pixels = torch.from_numpy(self.split.images.read(chosen)).to(self.device)
            yield self.split.normalise(pixels), self.split.label[chosen].to(self.device)
