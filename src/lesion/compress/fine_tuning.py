"""What follows when a method has taken weights or channels from a trained network: batch norms, then a fine-tuning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.training import Passive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn

    from lesion.compress.calibration import Calibration
    from lesion.params.derived import FineTuned

BATCH = 64
"""Images whose statistics a batch norm takes together when it is measured again, at most."""


def finished(
    model: nn.Module, options: FineTuned, calibration: Calibration, *, names: Iterable[str]
) -> dict[str, Tensor]:
    """The state dict of `model` in the order of `names`, after its batch norms are measured again if `options` say so.

    Raises
    ------
    InputError
        If `batch_norms` is set for a network without any, or there are too few images.
    """
    from lesion.compress.batch_norms import estimate_again

    if options.batch_norms is not None:
        estimate_again(model, calibration.batches(options.batch_norms, BATCH))
    found = model.state_dict()  # masks change the order of its names
    return {name: found[name].detach().clone() for name in names}


class FineTuning(Passive):
    """Holds zeros while a network trains (`compress.training.Training`). Units without weights keep their constant.

    Parameters
    ----------
    model : the pruned network, on its device; it gets masks now and is plain again after `finish`
    image : one normalised image on that device, float32 (1, c, h, w)
    """

    def __init__(self, model: nn.Module, image: Tensor) -> None:
        from lesion.compress.channels.find import find_channels
        from lesion.compress.masks import MaskedNetwork, prunable
        from lesion.compress.units import find_units

        weights = {name: model.get_parameter(name) for name, _, _ in prunable(model)}
        whole = {name for name, weight in weights.items() if weight.all()}
        units, channels = find_units(model, image), find_channels(model, image)
        self._network = MaskedNetwork(model, units=units, channels=channels, dense=whole)
        self._network.hold_zeros()

    def finish(self) -> None:
        """Leave a plain network with the zeros it had."""
        self._network.remove()
