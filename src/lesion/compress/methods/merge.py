"""Units of a trained network merge: each that leaves is taken over by units of its layer that stay.

A rule (`compress/mergings/`) decides which units leave and how the next layer makes up for them. It sees the network as
it was given, in evaluation mode, and calibration images if it asks for some. Members keep the shape of the network:
what computes or reads a unit that left is zero. Then the batch norms may be measured again, and the network may be
fine-tuned on the training split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion import plugins
from lesion.compress.fine_tuning import FineTuning as FineTuning
from lesion.compress.fine_tuning import finished
from lesion.compress.plain import restorer as restorer
from lesion.params.derived import FineTuned, kept_layers
from lesion.plugins import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor, nn

    from lesion.compress.calibration import Calibration
    from lesion.compress.contracts import Merging
    from lesion.compress.mergeable import Mergeable
    from lesion.compress.merging import Merge, Moments

KIND = "derived"
FLOAT_MEMBERS = True

PART = 64
"""Images that run through the network at a time, at most."""


class Options(FineTuned):
    """The share of the units of each layer that leave, and the rule.

    `sparsity` is of each layer whose units can be merged, rounded to whole units; at least one stays. Layers that are
    kept neither lose units nor read fewer.
    """

    sparsity: float = Field(gt=0, lt=1)
    rule: Named


def compressor(
    model: nn.Module, options: Options, calibration: Calibration
) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """Return a function: state dict of a trained member -> the state dict of the merged one, before any fine-tuning.

    All members see the same images. The function raises InputError where a pattern of `keep` matches no layer, no unit
    can be merged, there are too few images, or `batch_norms` is set for a network without any.
    """
    import torch

    from lesion.compress.masks import prunable
    from lesion.compress.mergeable import find_mergeable
    from lesion.models.build import load_weights

    model.eval()
    layers = [name.removesuffix(attribute).rstrip(".") for name, _, attribute in prunable(model)]
    kept = kept_layers(options.keep, [*dict.fromkeys(layers)])
    units = find_mergeable(model, calibration.images(1), keep=kept)

    def compress(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        load_weights(model, state)
        with torch.no_grad():
            for each, merge in zip(units, choose(model, units, options, calibration), strict=True):
                each.write(merge)
        return finished(model, options, calibration, names=state)

    return compress


def choose(model: nn.Module, units: Sequence[Mergeable], options: Options, calibration: Calibration) -> list[Merge]:
    """What the rule says of each of `units`, all of them seen before anything merges."""
    from functools import cache

    from lesion.compress.mergeable import measure_moments
    from lesion.compress.merging import merge_layer

    rule: Merging
    rule, settings = plugins.component("merging", options.rule, where="variant.rule")

    @cache
    def measure(images: int) -> list[Moments]:
        return measure_moments(model, units, calibration.batches(images, PART))

    def merge(place: int, each: Mergeable) -> Merge:
        size = each.channels.size
        return merge_layer(
            each.layer(lambda images: measure(images)[place]),
            min(round(options.sparsity * size), size - 1),
            lambda layer, leaving: rule.merge(layer, leaving, settings),
        )

    return [merge(place, each) for place, each in enumerate(units)]
