"""From the scores that a model gives to its answers, as a file of predictions has them."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.artifacts.tables import from_numpy
from lesion.deploy.choices import Kind
from lesion.deploy.classifier import Scores
from lesion.errors import InputError

ROUNDING, SUM = 0.001, 0.01
"""How far a probability may lie outside of [0, 1], and a sum of them from 1: what the audit takes, too."""


def are_probabilities(scores: Scores) -> npt.NDArray[np.bool_]:
    """Whether each row of scores is between 0 and 1 and sums to 1, (n,)."""
    inside = (scores >= -ROUNDING).all(axis=1) & (scores <= 1 + ROUNDING).all(axis=1)
    return np.asarray(inside & (np.abs(scores.sum(axis=1, dtype=np.float64) - 1) <= SUM))


def probabilities(scores: Scores, kind: Literal["logits", "probabilities"]) -> Scores:
    """Probabilities, float32 (n, classes): the softmax of logits; what are probabilities is clipped to [0, 1].

    Raises
    ------
    InputError
        Where `kind` is probabilities and a row of scores is outside of [0, 1].
    """
    if kind == "probabilities":
        if ((scores < -ROUNDING) | (scores > 1 + ROUNDING)).any():
            raise InputError("--scores: of this model they are no probabilities, some are outside of 0 to 1")
        return scores.clip(0, 1)
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


class Answers:
    """Collects the answers of one model, batch by batch: a few bytes an example.

    Parameters
    ----------
    kind : what scores are; `auto` decides by the first batch
    label : class ids of all examples, int64 (n,), None if unknown
    """

    def __init__(self, kind: Kind, label: npt.NDArray[np.int64] | None) -> None:
        self.kind, self.label = kind, label
        self.classes = 0
        self._columns: dict[str, list[npt.NDArray[np.generic]]] = {}

    def add(self, start: int, scores: Scores) -> None:
        """Add the answers to the examples from `start` on.

        Of equal scores the smaller class is the answer; in top-5 the true class comes first.

        Raises
        ------
        InputError
            Where scores are taken for probabilities, and some are outside of 0 to 1.
        """
        if self.kind == "auto":
            self.kind = "probabilities" if are_probabilities(scores).all() else "logits"
        chance = probabilities(scores, self.kind)
        self.classes = scores.shape[1]
        self._keep("prediction", scores.argmax(axis=1))
        self._keep("confidence", chance.max(axis=1))
        if self.label is not None:
            own = self.label[start : start + len(scores), None]
            self._keep("true_probability", np.take_along_axis(chance, own, axis=1)[:, 0])
            if self.classes > 5:
                above = scores > np.take_along_axis(scores, own, axis=1)
                self._keep("correct_top5", above.sum(axis=1) < 5)

    def _keep(self, name: str, values: npt.NDArray[np.generic]) -> None:
        self._columns.setdefault(name, []).append(values)

    def columns(self) -> dict[str, pa.Array]:
        """Prediction int64, confidence float32, and with labels true_probability and of six classes correct_top5."""
        return {name: from_numpy(np.concatenate(parts)) for name, parts in self._columns.items()}
