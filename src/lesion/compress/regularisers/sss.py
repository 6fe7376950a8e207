"""Sparse structure selection: a scale λ on each structure, set to zero by proximal gradient (Huang & Wang, 1707.01213).

A structure is a channel, a group of a grouped convolution, or the branch of a residual block. λ is 1 at first and
multiplies the structure's output. It moves by accelerated proximal gradient (eqs. 10 to 12), which leaves many at
exactly zero; what these structures compute is pruned. Other scales become part of the weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from lesion.compress.probe import Probe

LEARNS_MASKS = True

Structure = Literal["channel", "group", "block"]


class Options(Settings):
    """Settings of the penalty.

    `strength`: factor on the sum of all |λ|, in nats. `structures`: what has a scale. A channel has one for all layers
    that compute it, so that it can leave the network; `group` means the groups of grouped convolutions, `block` the
    branches of residual blocks (`models/residual.py`).
    """

    strength: float = Field(gt=0)
    structures: list[Structure] = Field(min_length=1)


class Regulariser:
    """Puts scales on structures, and moves them in the optimiser's place. It adds nothing to the loss.

    Raises
    ------
    InputError
        If the network has no structure of a kind that is asked for.
    """

    def __init__(self, options: Options, probe: Probe, *, steps: int, examples: int) -> None:  # noqa: ARG002
        from functools import partial

        from lesion.compress.learned import Learned
        from lesion.compress.proximal import apg_nag
        from lesion.compress.structures import Scales, find_structures
        from lesion.compress.units import probed_units

        image = next(iter(probe.batches(1)))[0]
        found = find_structures(probe.network, image, options.structures)
        for kind in options.structures:
            if kind not in {structures.kind for structures in found}:
                raise InputError(f"regulariser sss: structures: this network has none of the kind {kind}")
        units = probed_units(probe)
        self._scales = [Scales(probe.network, units, structures) for structures in found]
        self._moves = {scales.parameter: partial(apg_nag, strength=options.strength) for scales in self._scales}
        self.learned = [Learned(parameter, 1.0) for parameter in self._moves]

    def penalty(self, step: int) -> None:
        """Nothing: the penalty is in the steps of λ."""

    def step(self, optimiser: Optimizer) -> None:
        """Move λ."""
        from lesion.compress.proximal import take_steps

        take_steps(optimiser, self._moves)

    def masks(self) -> dict[str, Tensor]:
        """False for the weights of structures with λ = 0."""
        found: dict[str, Tensor] = {}
        for scales in self._scales:
            for name, mask in scales.masks().items():
                found[name] = mask & found.get(name, mask)
        return found

    def remove(self) -> None:
        """Multiply the scales into norms and biases; weights get theirs when the masks are removed."""
        for scales in self._scales:
            scales.remove()
