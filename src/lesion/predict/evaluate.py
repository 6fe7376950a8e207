"""What one network says of a set of images."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lesion.errors import InputError
from lesion.params.recipe import Evaluation
from lesion.train.device import autocast


def logits(network: nn.Module, inputs: Tensor, evaluation: Evaluation) -> Tensor:
    """Logits in float32, (n, classes), on the CPU, batch by batch.

    Raises
    ------
    InputError
        Where a logit is not finite: a diverged member must not reach an audit.
    """
    with torch.inference_mode(), autocast(inputs.device, evaluation.precision):
        parts = [network(batch).float() for batch in torch.split(inputs, evaluation.batch)]
    joined = torch.cat(parts).cpu()
    if not torch.isfinite(joined).all():
        raise InputError("a logit is not finite: the member diverged")
    return joined


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
