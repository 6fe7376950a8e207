"""Pruning a trained network, without training it or with a short fine-tuning.

A score, a mask shape and an allocation decide what is pruned, as in method `prune`, at once. What is zero already is
pruned first. Scores measure the network in evaluation mode, on images of the study's `calibration` split. Then the
batch norms may be measured again, and the network may be fine-tuned on the training split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.compress.fine_tuning import FineTuning as FineTuning
from lesion.compress.fine_tuning import finished
from lesion.compress.plain import restorer as restorer
from lesion.params.derived import ByLayer, FineTuned, kept_layers
from lesion.plugins import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn

    from lesion.compress.calibration import Calibration

KIND = "derived"
FLOAT_MEMBERS = True

PART = 16
"""Images that scores measure at a time, since gradients of a large network take much memory."""


class Options(ByLayer, FineTuned):
    """The sparsity of the layers that are pruned and the parts, as in method `prune`; and what follows the pruning."""

    sparsity: float = Field(gt=0, lt=1)
    score: Named
    shape: Named
    allocation: Named


def compressor(
    model: nn.Module, options: Options, calibration: Calibration
) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """Return a function: state dict of a trained member -> the state dict of the pruned one, before any fine-tuning.

    All members see the same images; what a score draws at random differs from member to member.

    The function raises InputError where a pattern of `keep` matches no layer, the shape fits no layer, there are too
    few images, or `batch_norms` is set for a network without any.
    """
    import torch

    from lesion.compress.choice import Choice
    from lesion.compress.computed import stay_dense
    from lesion.compress.masks import MaskedNetwork, prunable
    from lesion.compress.partition import find_tied
    from lesion.compress.probe import Probe
    from lesion.models.build import load_weights

    sample = calibration.sampler(torch.device("cpu"), PART)
    image = calibration.images(1)
    model.eval()
    layers = {name: name.removesuffix(attribute).rstrip(".") for name, _, attribute in prunable(model)}
    kept = kept_layers(options.keep, [*dict.fromkeys(layers.values())])
    dense = {name for name, layer in layers.items() if layer in kept}
    dense.update(stay_dense(model, image))
    units, channels = find_tied(model, image, options.shape)

    def compress(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        load_weights(model, state)
        network = MaskedNetwork(model, units=units, channels=channels, dense=dense)
        network.hold_zeros()
        probe = Probe(network, sample, seed=_seed(calibration.seed, network.weights()), trains=False)
        Choice(probe, score=options.score, shape=options.shape, allocation=options.allocation).prune(
            options.sparsity, monotone=True
        )
        network.remove()
        return finished(model, options, calibration, names=state)

    return compress


def _seed(seed: int, weights: Mapping[str, Tensor]) -> int:
    """A seed for the score's random draws, which depends on the weights and so on the member."""
    import hashlib

    from lesion.seeds import derive_seed

    digest = hashlib.sha256()
    for weight in weights.values():
        digest.update(weight.contiguous().numpy().tobytes())
    return derive_seed(seed, "prune-trained", digest.hexdigest())
