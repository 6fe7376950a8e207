"""What dense models alone say of how near each answer is to another one.

The log margin of an answer is log p₁ / p₂, with the probabilities of the answer and of the second best: by how much
logits have to move for the answer to change. Predictions hold p₁ alone, the confidence. The second best is taken to
have the same share of what the first leaves, p₂ = p₁ (1 − p₁), so the margin is −log (1 − p₁): it rises with
confidence, and is above 0 for any. With both probabilities it foresees no more (docs/results/foresee).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.audit.inference.calibration import CLIP

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer]


def log_margin(confidence: npt.NDArray[Any]) -> Floats:
    """The log margin of answers: float64, same shape, at least 0.

    Parameters
    ----------
    confidence : float, of the answer given, in [0, 1]; what it leaves counts as at least 2⁻²³, the step of float32
    """
    return np.asarray(-np.log(np.maximum(1 - np.asarray(confidence, dtype=np.float64), CLIP)))


def lead(prediction: Labels, weight: Floats) -> tuple[Labels, Floats]:
    """The leading answer to each example, which is that of most weight, and how far it is ahead (`held`).

    With the log margins of the members as weights that is their margin, which combines how sure they are with how far
    they agree; with weights of one it is twice the share of the leading answer less one, their agreement. Of a single
    member it is its weight.

    Parameters
    ----------
    prediction : int (members, examples)
    weight : float64 (members, examples), at least 0

    Returns
    -------
    int (examples,), float64 (examples,)
    """
    most, answer = np.full(prediction.shape[1], -1.0), prediction[0].copy()
    for said in prediction:
        here = np.einsum("me,me->e", weight, prediction == said)
        ahead = here > most
        most[ahead], answer[ahead] = here[ahead], said[ahead]
    return answer, (2 * most - weight.sum(axis=0)) / len(prediction)


def held(prediction: Labels, weight: Floats, answer: Labels) -> Floats:
    """How far members hold an answer: the mean of their weights, negative where they give another: float64 (examples,).

    Parameters
    ----------
    answer : int (examples,)
    """
    return np.asarray(np.where(prediction == answer, weight, -weight).mean(axis=0))
