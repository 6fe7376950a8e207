"""A split in two parts: one to train on, and one to judge settings by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lesion.data.inputs import Inputs, Kind, Rows, Shown
from lesion.data.split import Split
from lesion.params.augmentation import Augmentation


@dataclass(frozen=True)
class Part:
    """Some of the examples of `inputs`, those at `rows`."""

    inputs: Inputs
    rows: Rows

    @property
    def kind(self) -> Kind:
        """What they are."""
        return self.inputs.kind

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example."""
        return self.inputs.shape

    @property
    def sizes(self) -> Mapping[str, int]:
        """What a network is built for."""
        return self.inputs.sizes

    def read(self, rows: Rows) -> npt.NDArray[Any]:
        """As they are stored."""
        return self.inputs.read(self.rows[rows])

    def augmented(self, rows: Rows, augmentation: Augmentation, seed: int) -> npt.NDArray[Any]:
        """As training sees them."""
        return self.inputs.augmented(self.rows[rows], augmentation, seed)

    def shown(self, rows: Rows) -> list[Shown]:
        """As people see them."""
        return self.inputs.shown(self.rows[rows])


def hold_out(split: Split, share: float, *, seed: int) -> tuple[Split, Split]:
    """Divide a split at random: what is left to train on, and the part held out, `share` of each class, rounded."""
    label, draws = split.label.numpy(), np.random.default_rng(seed)
    held = np.zeros(len(label), dtype=bool)
    for each in np.unique(label):
        rows = draws.permutation(np.flatnonzero(label == each))
        held[rows[: round(share * len(rows))]] = True
    return _part(split, np.flatnonzero(~held)), _part(split, np.flatnonzero(held))


def _part(split: Split, rows: Rows) -> Split:
    at = torch.from_numpy(rows)
    return replace(split, example_id=split.example_id[at], images=Part(split.images, rows), label=split.label[at])
