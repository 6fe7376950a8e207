"""Signs that the weights of a network from elsewhere, or how images are shown to it, are not what they should be.

Such a network loads without an error, and answers at chance or worse than it could.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import special
from torch import Tensor, nn

from lesion.data.split import Normalise, Split
from lesion.params.recipe import Evaluation
from lesion.predict.evaluate import logits

LEVEL = 0.001
"""Probability below which more right answers are not taken for chance."""


def spread(count: int, most: int) -> npt.NDArray[np.intp]:
    """Rows of a sample of images, evenly spread over all: int (n,), at most `most` and 256."""
    return np.linspace(0, count - 1, min(count, most, 256)).astype(np.intp)


def at_least(right: int, count: int, share: float) -> float:
    """Probability of at least `right` of `count` draws, each with probability `share`."""
    return float(special.betainc(right, count - right + 1, share)) if right else 1.0


def at_chance(correct: Tensor, label: Tensor) -> str | None:
    """A warning if the answers are no better than naming the most frequent class; None if they are better.

    `correct`, `label`: (n,). By the exact binomial test, one-sided.
    """
    right, count = int(correct.sum()), len(label)
    if at_least(right, count, int(label.bincount().max()) / count) < LEVEL:
        return None
    return (
        f"{right} of {count} answers are right, which chance gives as well: the weights may be of another network, the"
        " classes in another order, the channels in the order BGR (`model.input.channels: bgr`), or mean and std"
        " others (`model.input: own`)"
    )


def reversed_channels(
    network: nn.Module, split: Split, pixels: Tensor, label: Tensor, evaluation: Evaluation
) -> str | None:
    """A warning if the network answers better when the channels are reversed; None if it does not.

    `pixels`, `label`: some images as stored, uint8 (n, h, w, c) on the network's device, and (n,). By McNemar's exact
    test, one-sided.
    """
    normalise = split.normalise
    if not isinstance(normalise, Normalise) or pixels.shape[3] != 3:
        return None
    both = (normalise, replace(normalise, reverse=not normalise.reverse))
    shown, turned = (logits(network, one(pixels), evaluation).argmax(dim=1) == label for one in both)
    better, worse = int((turned & ~shown).sum()), int((shown & ~turned).sum())
    if at_least(better, better + worse, 0.5) >= LEVEL:
        return None
    order = "rgb" if normalise.reverse else "bgr"
    return (
        f"{int(shown.sum())} of a sample of {len(label)} answers are right, and {int(turned.sum())} with the channels"
        f" reversed: `model.input.channels: {order}` may be meant"
    )
