"""A split of a study, and the normalisation that turns stored pixels into network input."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lesion.artifacts.arrays import read_arrays
from lesion.artifacts.tables import EXAMPLES, read_facts, read_parquet, to_numpy
from lesion.data.images import Images, open_images


@dataclass(frozen=True)
class Normalise:
    """Turns stored pixels, uint8 (n, h, w, c), into network input, float32 (n, c, h, w).

    `mean`, `std`: float32 (c,), of pixels in [0, 1], in the order of the stored channels. `reverse`: the network takes
    the channels in reverse order (BGR).
    """

    mean: Tensor
    std: Tensor
    reverse: bool = False

    def __call__(self, images: Tensor) -> Tensor:
        """Scale to [0, 1], subtract the mean, divide by the standard deviation.

        The result is channels-last in memory. With a single channel both layouts are the same bytes; its strides are
        then those of channels-first, for which convolutions of few channels are faster.
        """
        pixels = images.to(torch.float32).div_(255).sub_(self.mean.to(images.device)).div_(self.std.to(images.device))
        if self.reverse:
            pixels = pixels.flip(3)
        return pixels.permute(0, 3, 1, 2) if pixels.shape[3] > 1 else pixels.squeeze(3).unsqueeze(1)


@dataclass(frozen=True)
class Split:
    """The examples of one split, in order of example_id.

    Attributes
    ----------
    example_id : int32 (n,)
    images : of these examples, by position
    label : int64 (n,)
    normalise : maps pixels to network input
    class_names, class_ids : in order of label; what people and what the source call the classes
    """

    example_id: Tensor
    images: Images
    label: Tensor
    normalise: Normalise
    class_names: tuple[str, ...]
    class_ids: tuple[str, ...]


def read_split(examples: Path, images: Path, split: str) -> Split:
    """Read the examples whose split is `split` (`train` or `test`), from the two files of the `data` step."""
    table = read_parquet(examples, EXAMPLES, ["example_id", "label", "split"])
    arrays, _ = read_arrays(images, ["mean", "std"])
    facts = read_facts(examples)
    named = table.column("split").combine_chunks()
    rows = np.flatnonzero(to_numpy(named.indices) == named.dictionary.to_pylist().index(split))
    return Split(
        example_id=torch.from_numpy(to_numpy(table.column("example_id"))[rows]),
        images=open_images(examples, images, rows),
        label=torch.from_numpy(to_numpy(table.column("label"))[rows].astype(np.int64)),
        normalise=Normalise(torch.from_numpy(arrays["mean"]), torch.from_numpy(arrays["std"])),
        class_names=tuple(facts["class_names"]),
        class_ids=tuple(facts["class_ids"]),
    )
