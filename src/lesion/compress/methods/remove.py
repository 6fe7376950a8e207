"""remove: what a mask left out leaves the network, which becomes smaller and computes the same.

A channel leaves if each layer that reads it has zeros for it, or reads a constant: an output without weights is one,
whatever stands between the layers. A constant other than zero is added to the biases of its readers. Convolutions that
add zeros around their input do not read a constant at the border, so that such a channel stays.

Each member is checked in float64 against the member that it is made of: outputs on random inputs and calibration images
may differ by 1e-9 of the largest. In float32 they differ by rounding, as the facts in the metadata tell.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

from lesion.compress.small import restorer as restorer
from lesion.params.derived import Derived

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from lesion.compress.calibration import Calibration

KIND = "derived"
FLOAT_MEMBERS = True

CHECKED = 16
"""Calibration images that the check looks at, at most, and random inputs beside them."""

log = logging.getLogger(__name__)


class Options(Derived):
    """What it is made of. `round_to`: channels that are tied stay in multiples of it, null for as few as can be."""

    round_to: Literal[8] | None = None


class Remover:
    """Makes members smaller.

    Attributes
    ----------
    own_facts : for the metadata of the last member: the fields of `channels.removal.Removal`
    """

    def __init__(self, model: nn.Module, options: Options, calibration: Calibration) -> None:
        import torch

        self._model, self._multiple = model, options.round_to or 1
        images = calibration.images(min(CHECKED, len(calibration.split.label)))
        self._inputs = [images]
        if images.is_floating_point():
            draws = torch.Generator().manual_seed(calibration.seed)
            self._inputs.append(torch.randn(images.shape, generator=draws))
        self.own_facts: dict[str, Any] = {}

    def __call__(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """State dict of a member -> that of the smaller network.

        Raises
        ------
        InputError
            If the smaller network computes something else.
        """
        from copy import deepcopy
        from dataclasses import asdict

        from lesion.compress.channels.removal import remove_idle
        from lesion.models.build import load_weights

        small = deepcopy(self._model)
        load_weights(small, state)
        found = remove_idle(small, self._inputs, multiple=self._multiple)
        self.own_facts = asdict(found)
        log.info("remove: %d of %d channels are left", found.left, found.channels)
        for reason, count in found.stay.items():
            log.info("remove: %d constant channels stay: %s", count, reason)
        if found.left == found.channels:
            log.warning("remove: no channel can leave")
        return {name: tensor.detach().clone() for name, tensor in small.state_dict().items()}


def compressor(model: nn.Module, options: Options, calibration: Calibration) -> Remover:
    """Return a function: state dict of a trained member -> the state dict of the smaller network.

    model: the network with the member's shapes, in evaluation mode.
    """
    return Remover(model, options, calibration)
