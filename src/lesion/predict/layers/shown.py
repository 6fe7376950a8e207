"""The images on which layers are judged, and the others on which the suggestion is checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lesion.data.inputs import Rows
from lesion.data.loading import load
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.params.recipe import Evaluation


@dataclass(frozen=True)
class Shown:
    """Some images of a split.

    Attributes
    ----------
    rows : int (n,), their rows in the split
    """

    split: Split
    rows: Rows

    @property
    def label(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Their classes, int64 (n,)."""
        return np.asarray(self.split.label.numpy()[self.rows])

    def batches(self, evaluation: Evaluation, device: torch.device) -> Iterator[Tensor]:
        """Network inputs in order, batch by batch: normalised float32 (n, c, h, w), on the device."""
        starts = range(0, len(self.rows), evaluation.batch)
        chosen = [self.rows[start : start + evaluation.batch] for start in starts]
        for pixels in load(
            lambda rows: torch.from_numpy(self.split.images.read(rows)), chosen, workers=evaluation.workers
        ):
            yield self.split.normalise(pixels.to(device))


def draw(calibration: Split, test: Split | None, count: int, *, seed: int) -> tuple[Shown, Shown]:
    """`count` images to choose layers by, and `count` others.

    The first come from the split whose images methods may look at, last in the order in which `Calibration.images`
    takes from the front, so they are others than those as long as there are enough. The second come from the test
    split; where that is the same split (`test` is None), they are the images before the first in that order.

    Parameters
    ----------
    seed : that of `Calibration`

    Raises
    ------
    InputError
        If there are not so many images.
    """
    order = _order(calibration, seed)
    if test is None:
        if len(order) < 2 * count:
            raise InputError(
                f"layers.images: {count} images to choose by and {count} others are asked for, there are {len(order)}"
            )
        return Shown(calibration, np.sort(order[-count:])), Shown(calibration, np.sort(order[-2 * count : -count]))
    for split, name in ((calibration, "calibration"), (test, "test")):
        if len(split.label) < count:
            raise InputError(f"layers.images: {count} images are asked for, the {name} split has {len(split.label)}")
    return Shown(calibration, np.sort(order[-count:])), Shown(test, np.sort(_order(test, seed)[-count:]))


def _order(split: Split, seed: int) -> Rows:
    return torch.randperm(len(split.label), generator=torch.Generator().manual_seed(seed)).numpy()
