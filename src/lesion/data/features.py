"""Rows of features: numbers, held in memory."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lesion.data.inputs import Kind, Rows, Shown, refuse_augmentation
from lesion.params.augmentation import Augmentation

Floats = npt.NDArray[np.float32]

SHOWN = 6  # features of an example that are farthest from the mean


@dataclass(frozen=True)
class Features:
    """Features by row.

    Attributes
    ----------
    values : float32 (n, features), as in the source
    mean, std : float32 (features,), of the training examples
    names : of the features
    """

    values: Floats
    mean: Floats
    std: Floats
    names: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """Features."""
        return "features"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example."""
        return self.values.shape[1:]

    @property
    def sizes(self) -> dict[str, int]:
        """How many features there are."""
        return {"features": self.values.shape[1]}

    def read(self, rows: Rows) -> Floats:
        """As in the source: float32 (n, features)."""
        return self.values[rows]

    def augmented(self, rows: Rows, augmentation: Augmentation, seed: int) -> Floats:  # noqa: ARG002
        """The same; InputError where `augmentation` asks for changes of images."""
        refuse_augmentation(augmentation, self.kind)
        return self.read(rows)

    def shown(self, rows: Rows) -> list[Shown]:
        """The most unusual features of each, a line each: name, value, and how many deviations from the mean it is."""
        return [self._lines(values) for values in self.values[rows]]

    def _lines(self, values: Floats) -> str:
        away = (values - self.mean) / self.std
        first = np.argsort(-np.abs(away), kind="stable")[:SHOWN]
        return "\n".join(f"{self.names[place]} {values[place]:.4g} ({away[place]:+.1f} sd)" for place in first)
