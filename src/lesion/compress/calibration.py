"""The images that a derived method may look at while it compresses a member."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lesion.data.sample import TrainingSampler
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
        if count > len(self.split.label):
            raise InputError(
                f"calibration: {count} images are asked for, there are {len(self.split.label)} (of the split that"
                " studies.<study>.calibration names, train or test)"
            )
        order = torch.randperm(len(self.split.label), generator=torch.Generator().manual_seed(self.seed))
        return self.split.normalise(torch.from_numpy(self.split.images.read(order[:count].numpy())))

    def sampler(self, device: torch.device, part: int) -> TrainingSampler:
        """Draws batches of `part` images with their labels, on `device`, balanced over the classes."""
        return TrainingSampler(self.split, device, part)
