"""A split of a study, and the normalisation that turns stored pixels into network input."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lesion.artifacts.arrays import read_arrays
from lesion.artifacts.tables import EXAMPLES, read_facts, read_parquet, to_numpy
from lesion.data.inputs import IMAGES, Inputs
from lesion.data.opening import open_inputs
from lesion.data.token_texts import TokenTexts


@dataclass(frozen=True)
class Normaliser(ABC):
    """Turns stored examples into network input. `mean`, `std`: float32, of each channel or feature."""

    mean: Tensor
    std: Tensor

    @abstractmethod
    def __call__(self, stored: Tensor) -> Tensor:
        """Network input, on the device of `stored`."""


@dataclass(frozen=True)
class Normalise(Normaliser):
    """Turns stored pixels, uint8 (n, h, w, c), into network input, float32 (n, c, h, w).

    `mean`, `std`: float32 (c,), of pixels in [0, 1], in the order of the stored channels. `reverse`: the network takes
    the channels in reverse order (BGR).
    """

    reverse: bool = False

    def __call__(self, stored: Tensor) -> Tensor:
        """Scale to [0, 1], subtract the mean, divide by the standard deviation.

        The result is channels-last in memory. With a single channel both layouts are the same bytes; its strides are
        then those of channels-first, for which convolutions of few channels are faster.
        """
        pixels = stored.to(torch.float32).div_(255).sub_(self.mean.to(stored.device)).div_(self.std.to(stored.device))
        if self.reverse:
            pixels = pixels.flip(3)
        return pixels.permute(0, 3, 1, 2) if pixels.shape[3] > 1 else pixels.squeeze(3).unsqueeze(1)


@dataclass(frozen=True)
class Standardise(Normaliser):
    """Turns features, float32 (n, features), into network input of the same shape."""

    def __call__(self, stored: Tensor) -> Tensor:
        """Subtract the mean, divide by the standard deviation."""
        return (stored - self.mean.to(stored.device)) / self.std.to(stored.device)


@dataclass(frozen=True)
class Widen(Normaliser):
    """Turns numbers of words, int32 (n, length), into network input: int64. `mean` and `std` are empty."""

    def __call__(self, stored: Tensor) -> Tensor:
        """The same numbers."""
        return stored.long()


@dataclass(frozen=True)
class Split:
    """The examples of one split, in order of example_id.

    Attributes
    ----------
    example_id : int32 (n,)
    images : of these examples, by position; rows of features and texts are inputs, too
    label : int64 (n,)
    normalise : maps what is stored to network input
    class_names, class_ids : in order of label; what people and what the source call the classes
    """

    example_id: Tensor
    images: Inputs
    label: Tensor
    normalise: Normaliser
    class_names: tuple[str, ...]
    class_ids: tuple[str, ...]

    @property
    def channels(self) -> int:
        """Channels of the images; 1 where there are none."""
        return self.images.sizes.get("channels", 1)

    def blank(self) -> Tensor:
        """One input of zeros as a network gets it: float32 (1, c, h, w) or (1, features), or int64 (1, length)."""
        sizes = self.images.sizes
        if "length" in sizes:
            return torch.zeros(1, sizes["length"], dtype=torch.int64)
        if "features" in sizes:
            return torch.zeros(1, sizes["features"])
        return torch.zeros(1, sizes["channels"], sizes["side"], sizes["side"])


def read_split(examples: Path, images: Path, split: str) -> Split:
    """Read the examples whose split is `split` (`train` or `test`), from the two files of the `data` step."""
    table = read_parquet(examples, EXAMPLES, ["example_id", "label", "split"])
    facts = read_facts(examples)
    named = table.column("split").combine_chunks()
    rows = np.flatnonzero(to_numpy(named.indices) == named.dictionary.to_pylist().index(split))
    inputs = open_inputs(examples, images, rows)
    return Split(
        example_id=torch.from_numpy(to_numpy(table.column("example_id"))[rows]),
        images=inputs,
        label=torch.from_numpy(to_numpy(table.column("label"))[rows].astype(np.int64)),
        normalise=_normalise(inputs, images),
        class_names=tuple(facts["class_names"]),
        class_ids=tuple(facts["class_ids"]),
    )


def _normalise(inputs: Inputs, stored: Path) -> Normaliser:
    if isinstance(inputs, TokenTexts):
        return Widen(torch.empty(0), torch.empty(0))
    arrays, _ = read_arrays(stored, ["mean", "std"])
    kind = Normalise if inputs.kind == IMAGES else Standardise
    return kind(torch.from_numpy(arrays["mean"]), torch.from_numpy(arrays["std"]))
