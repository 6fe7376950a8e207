"""The images that a derived method may look at while it compresses a member."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lesion.compress.probe import Sampler
from lesion.data.sample import Batch, TrainingSampler
from lesion.data.split import Split
from lesion.errors import InputError


@dataclass(frozen=True)
class Calibration:
    """Images of one split, the same for all members, so that members differ by their training alone.

    Attributes
    ----------
    split : the split that `studies.<study>.calibration` names, the training images unless the user says otherwise
    seed : seed of the draws
    """

    split: Split
    seed: int

    def images(self, count: int) -> Tensor:
        """A random sample, normalised: float32 (count, c, h, w). InputError if there are fewer images."""
        return self._read(self._rows(count))

    def batches(self, count: int, part: int) -> Iterator[Tensor]:
        """The same sample in batches of at most `part` images, whose sizes differ by at most one."""
        rows = self._rows(count)
        for chosen in np.array_split(rows, -(-count // part)):
            yield self._read(chosen)

    def sampler(self, device: torch.device, part: int) -> Sampler:
        """Draws batches of `part` images with their labels, on `device`, balanced over the classes.

        It raises InputError if more images are asked for than there are. Each draw is of the same images: the seed that
        it is called with does not count.
        """
        draw = TrainingSampler(self.split, device, part)

        def sample(count: int, seed: int) -> Iterator[Batch]:  # noqa: ARG001
            self._check(count)
            return draw(count, self.seed)

        return sample

    def _check(self, count: int) -> None:
        if count > len(self.split.label):
            raise InputError(
                f"calibration: {count} images are asked for, there are {len(self.split.label)} (of the split that"
                " studies.<study>.calibration names, train or test)"
            )

    def _rows(self, count: int) -> npt.NDArray[np.intp]:
        self._check(count)
        order = torch.randperm(len(self.split.label), generator=torch.Generator().manual_seed(self.seed))
        return order[:count].numpy()

    def _read(self, rows: npt.NDArray[np.intp]) -> Tensor:
        return self.split.normalise(torch.from_numpy(self.split.images.read(rows)))
