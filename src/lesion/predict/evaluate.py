"""Runs networks on images, a batch at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from lesion.data.inputs import Inputs, Rows
from lesion.data.loading import load
from lesion.errors import InputError
from lesion.params.recipe import Evaluation
from lesion.train.device import autocast


def batch_rows(count: int, evaluation: Evaluation) -> list[Rows]:
    """Rows 0 to `count` − 1 in order, in batches; the last batch may be smaller."""
    return [np.arange(start, min(start + evaluation.batch, count)) for start in range(0, count, evaluation.batch)]


def read_batches(images: Inputs, count: int, evaluation: Evaluation) -> Iterator[Tensor]:
    """Yield the first `count` inputs in order, in batches: as stored, uint8 (n, h, w, c) of images."""
    rows = batch_rows(count, evaluation)
    yield from load(lambda chosen: torch.from_numpy(images.read(chosen)), rows, workers=evaluation.workers)


def logits(network: nn.Module, inputs: Tensor, evaluation: Evaluation) -> Tensor:
    """Logits of one batch in float32, (n, classes), on the CPU.

    Raises
    ------
    InputError
        If a logit is not finite: a diverged member must not reach an audit.
    """
    with torch.inference_mode(), autocast(inputs.device, evaluation.precision):
        said: Tensor = network(inputs).float().cpu()
    if not torch.isfinite(said).all():
        raise InputError("a logit is not finite: the member diverged")
    return said


def members_logits(
    members: Mapping[int, nn.Module], inputs: Tensor, evaluation: Evaluation, *, checkpoint: Path
) -> Iterator[tuple[int, Tensor]]:
    """Yield each member's number and its logits of one batch; InputError names `checkpoint` and a diverged member."""
    for member, network in members.items():
        try:
            yield member, logits(network, inputs, evaluation)
        except InputError as error:
            raise InputError(f"{checkpoint}: member {member}: {error}") from None


@dataclass(frozen=True)
class Answers:
    """The answers of one network to n images, each (n,).

    Attributes
    ----------
    prediction : int64, the predicted class
    correct, correct_top5 : bool, True if the true class is the first, or among the first five
    """

    prediction: Tensor
    correct: Tensor
    correct_top5: Tensor


def answers(logit: Tensor, label: Tensor) -> Answers:
    """The answers for logits (n, classes) and true labels (n,). With five classes or fewer, top-5 is always correct.

    Of equal logits, top-1 takes the smaller class; in top-5 the true class comes first.
    """
    prediction = logit.argmax(dim=1)
    own = logit.gather(1, label[:, None])
    return Answers(prediction=prediction, correct=prediction == label, correct_top5=(logit > own).sum(dim=1) < 5)
