"""New running statistics for the batch norms of a network whose weights have changed.

The statistics of a trained network are those of its activations; pruning changes these. As in the evaluation of
candidates by Li et al. (arXiv 2007.02491, "adaptive batch normalization") they are measured again, without training.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from lesion.errors import InputError


def estimate_again(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Replace the running mean and variance of each batch norm by their mean over `batches`.

    Batch norms normalise by the statistics of the batch meanwhile, as in training; all else is in evaluation mode, so
    nothing is dropped. Each batch counts alike (torch's cumulative average, `momentum=None`); variances are unbiased.
    A batch norm that does not run keeps what it has. The network is in evaluation mode afterwards.

    batches : inputs, float32 (n, c, h, w)

    Raises
    ------
    InputError
        If the network has no batch norm with running statistics.
    """
    norms = [norm for norm in model.modules() if isinstance(norm, _BatchNorm) and norm.running_mean is not None]
    if not norms:
        raise InputError("batch_norms: this network has no batch norm with running statistics; null is expected")
    momenta = [norm.momentum for norm in norms]
    before = [{name: value.clone() for name, value in norm.named_buffers()} for norm in norms]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    with torch.no_grad():
        for inputs in batches:
            model(inputs)
    model.eval()
    for norm, momentum, buffers in zip(norms, momenta, before, strict=True):
        norm.momentum = momentum
        if not norm.num_batches_tracked:
            norm.load_state_dict(buffers, strict=False)
