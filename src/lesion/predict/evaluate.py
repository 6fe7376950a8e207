"""What networks say of images, a batch at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from lesion.data.images import Images, Rows
from lesion.data.loading import load
from lesion.errors import InputError
from lesion.params.recipe import Evaluation
from lesion.train.device import autocast


def batch_rows(count: int, evaluation: Evaluation) -> list[Rows]:
    """The rows 0 to `count` in order, a batch at a time, the last perhaps smaller."""
    return [np.arange(start, min(start + evaluation.batch, count)) for start in range(0, count, evaluation.batch)]


def read_batches(images: Images, count: int, evaluation: Evaluation) -> Iterator[Tensor]:
    """The first `count` images in order: uint8 (n, h, w, c), a batch at a time, read ahead where workers are asked."""
    rows = batch_rows(count, evaluation)
    yield from load(lambda chosen: torch.from_numpy(images.read(chosen)), rows, workers=evaluation.workers)


def logits(network: nn.Module, inputs: Tensor, evaluation: Evaluation) -> Tensor:
    """Logits of one batch in float32, (n, classes), on the CPU.

    Raises
    ------
    InputError
        Where a logit is not finite: a diverged member must not reach an audit.
    """
    with torch.inference_mode(), autocast(inputs.device, evaluation.precision):
        said: Tensor = network(inputs).float().cpu()
    if not torch.isfinite(said).all():
        raise InputError("a logit is not finite: the member diverged")
    return said


def members_logits(
    members: Mapping[int, nn.Module], inputs: Tensor, evaluation: Evaluation, *, checkpoint: Path
) -> Iterator[tuple[int, Tensor]]:
    """Each member's number and its logits of one batch; InputError names the `checkpoint` and member that diverged."""
    for member, network in members.items():
        try:
            yield member, logits(network, inputs, evaluation)
        except InputError as error:
            raise InputError(f"{checkpoint}: member {member}: {error}") from None


@dataclass(frozen=True)
class Answers:
    """What one network says of n images, all (n,): prediction int64, correct ones bool."""

    prediction: Tensor
    correct: Tensor
    correct_top5: Tensor


def answers(logit: Tensor, label: Tensor) -> Answers:
    """From logits (n, classes) and true labels (n,); of five classes or fewer every top-5 answer is correct.

    Equal logits go to the smaller class in top-1; in top-5 the true class counts as ahead of its equals.
    """
    prediction = logit.argmax(dim=1)
    own = logit.gather(1, label[:, None])
    return Answers(prediction=prediction, correct=prediction == label, correct_top5=(logit > own).sum(dim=1) < 5)
