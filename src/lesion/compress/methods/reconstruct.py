"""Channels of a trained network removed layer by layer; the layer that reads them is fitted to what it gave before.

With the selection `lasso` it is channel pruning (He et al., arXiv 1707.06168), with `thinet` and `refit: scales` ThiNet
(Luo et al., arXiv 1707.06342). The authors of ThiNet train for an epoch or two after each layer; here all training
comes after the last. Members keep the shapes of the network, with zeros for channels that left; `remove` makes them
small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lesion import plugins
from lesion.compress.fine_tuning import FineTuning as FineTuning
from lesion.compress.fine_tuning import finished
from lesion.compress.plain import restorer as restorer
from lesion.errors import InputError
from lesion.params.derived import FineTuned, kept_layers
from lesion.plugins import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn

    from lesion.compress.calibration import Calibration
    from lesion.compress.contracts import Selection
    from lesion.compress.reconstruction.layers import Read
    from lesion.compress.reconstruction.problem import Problem

KIND = "derived"
FLOAT_MEMBERS = True

PART = 64
"""Images that go through the network at once."""
LARGEST = 10_000
"""Inputs of a layer that can be fitted: sums of their products take 0.8 GB."""


class Options(FineTuned):
    """What leaves, and how the rest makes up for it.

    `sparsity`: share of the channels of each set that leave, at least one stays. Pruned are the channels that one layer
    computes and one layer reads: not the input, the classes, and what residual sums tie. `keep` names layers that stay
    as they are, with the channels that they compute or read. `selection`: which channels stay. `refit`: `weights` fits
    the reader's weights and bias by least squares; `scales` a factor for the weights of each channel; `none` nothing.
    `images`, `positions`: the calibration images, and the output positions sampled in each.
    """

    sparsity: float = Field(gt=0, lt=1)
    selection: Named
    refit: Literal["weights", "scales", "none"] = "weights"
    images: int = Field(ge=1)
    positions: int = Field(default=10, ge=1)


def compressor(
    model: nn.Module, options: Options, calibration: Calibration
) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """Return a function: state dict of a trained member -> that of the pruned one, before any fine-tuning.

    All members see the same images at the same positions.

    Raises
    ------
    InputError
        If a pattern of `keep` matches no layer, there are no channels to prune, or a layer reads too many. The function
        raises it if there are too few images, or `batch_norms` is set for a network without any.
    """
    from lesion.compress.reconstruction.layers import reconstruct
    from lesion.models.build import load_weights

    selection: Selection
    selection, selection_options = plugins.component("selection", options.selection, where="variant.selection")
    reads = _reads(model, options, calibration)

    def solve(problem: Problem) -> tuple[Tensor, Tensor, Tensor]:
        count = len(problem.channels)
        kept = selection.select(problem, count - min(round(options.sparsity * count), count - 1), selection_options)
        fit = {"weights": problem.refit, "scales": problem.rescale, "none": problem.cut}[options.refit]
        return kept, *fit(kept)

    def compress(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        load_weights(model, state)
        reconstruct(
            model, reads, lambda: calibration.batches(options.images, PART), positions=options.positions,
            seed=calibration.seed, solve=solve,
        )  # fmt: skip
        return finished(model, options, calibration, names=state)

    return compress


def _reads(model: nn.Module, options: Options, calibration: Calibration) -> list[Read]:
    """The channels that are pruned, in the order of the network."""
    from lesion.compress.channels.find import find_channels
    from lesion.compress.masks import prunable
    from lesion.compress.reconstruction.layers import find_reads

    image = calibration.images(1)
    layers = {name: name.removesuffix(attribute).rstrip(".") for name, _, attribute in prunable(model)}
    stays = kept_layers(options.keep, [*dict.fromkeys(layers.values())])
    reads = [
        read
        for read in find_reads(model, find_channels(model.eval(), image), image)
        if not stays & {layers[part.name] for part in (*read.channels.writers, *read.channels.readers)}
    ]
    for read in reads:
        if (inputs := read.reader.layer.weight[0].numel()) > LARGEST:
            layer = layers[read.reader.name]
            raise InputError(
                f"reconstruct: {layer} reads {inputs} inputs, more than {LARGEST}; keep: {layer} leaves it as it is"
            )
    if not reads:
        raise InputError("reconstruct: no channels of this network are computed by one layer and read by one layer")
    return reads
