"""What a runtime makes of a model file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Slot:
    """An input or an output of a model.

    Attributes
    ----------
    name : as the file has it
    dtype : of the array that goes in or comes out; None where it is no array
    shape : length of each dimension, None where any will do, the batch's for example; None if the file does not say
    """

    name: str
    dtype: np.dtype[Any] | None
    shape: tuple[int | None, ...] | None

    def described(self) -> str:
        """Name, type and shape for a message: `x: float32 (n, 3, 224, 224)`."""
        if self.dtype is None:
            return f"{self.name}: no array"
        dims = ", ".join("n" if length is None else str(length) for length in self.shape or ())
        return f"{self.name}: {self.dtype}" + ("" if self.shape is None else f" ({dims})")


@dataclass(frozen=True)
class RunOptions:
    """How a model file is run: execution providers in order of preference, and threads (0: the runtime chooses)."""

    providers: tuple[str, ...] = ("cpu",)
    threads: int = 1


class Model(Protocol):
    """A model file, ready to run."""

    @property
    def inputs(self) -> tuple[Slot, ...]:
        """What it takes."""

    @property
    def outputs(self) -> tuple[Slot, ...]:
        """What it gives."""

    def run(self, feeds: Mapping[str, Array], output: str) -> Array:
        """The output of that name for one batch. RuntimeError, with the runtime's words, where the model fails."""
