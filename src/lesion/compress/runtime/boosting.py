"""Feature boosting and suppression (Gao et al. 2019, arXiv 1810.05331): gates on the channels of each convolution.

A gate is predicted from the input of its layer: g = ReLU(φ · ss(x) + ρ), where ss(x) is the mean absolute value of each
input channel. The ⌈dC⌉ largest of the C gates are kept, scaled to a sum of C; the others are zero (winner take all).
The layer computes π ⊙ (norm(conv(x)) + β), where norm is a batch norm without scale, since the gate π is one.
"""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.compress.masks import keep_largest
from lesion.compress.per_image import Computed, Reader
from lesion.compress.runtime.convolution import SameConvolution
from lesion.compress.runtime.pairs import Pair

START = 0.01
"""Standard deviation of φ at the start, as in the authors' code; ρ is 1."""
ROUNDING = 1e-9


def kept_channels(density: float, channels: int) -> int:
    """⌈dC⌉."""
    return ceil(density * channels - ROUNDING)


def winners(gates: Tensor, kept: int) -> Tensor:
    """The `kept` largest gates of each image, scaled to a sum of C; zeros for the others. (n, C) in and out.

    Gates of zero stay zero, also where all that are kept are.
    """
    mask = keep_largest(gates.detach(), gates.shape[1] - kept)
    won = gates * mask
    return won * gates.shape[1] / won.sum(dim=1, keepdim=True).clamp_min(torch.finfo(won.dtype).tiny)


class GatedConvolution(SameConvolution):
    """A convolution that predicts gates for its channels. Its weight and its bias are those of `convolution`.

    In evaluation mode the outputs of channels whose gate is zero are zero, as where they are not computed.

    Attributes
    ----------
    density : the share d of channels that are kept
    gates, factors : of the last batch, (n, channels): g, and π, what the channels are multiplied by
    """

    gates: Tensor | None = None
    factors: Tensor | None = None

    def __init__(self, convolution: nn.Conv2d, readers: tuple[Reader, ...] = ()) -> None:
        super().__init__(convolution)
        self.gate = nn.Linear(convolution.in_channels, convolution.out_channels)
        nn.init.trunc_normal_(self.gate.weight, std=START, a=-2 * START, b=2 * START)
        nn.init.ones_(self.gate.bias)
        self.gate.to(convolution.weight.device)
        self.density, self._readers, self._positions = 1.0, readers, 0

    def forward(self, input: Tensor) -> Tensor:
        """(n, c, h, w) to (n, channels, h', w')."""
        with torch.autocast(input.device.type, enabled=False):
            self.gates = functional.relu(self.gate(input.float().abs().mean(dim=(2, 3))))
            self.factors = winners(self.gates, kept_channels(self.density, self.out_channels))
        output = super().forward(input)
        self._positions = output.shape[2] * output.shape[3]
        return output if self.training else output * (self.factors > 0)[:, :, None, None]

    def computed(self) -> dict[str, Computed]:
        """The channels whose gate is not zero, of the last batch."""
        assert self.factors is not None
        return {"weight": Computed(self.factors > 0, self._positions, self._readers)}

    def forget(self) -> None:
        """Drop what is known of the last batch."""
        self.gates = self.factors = None


class GatedNorm(nn.BatchNorm2d):
    """The batch norm of a gated convolution: π ⊙ (norm(y) + β). It has the statistics and the β of `norm`, no scale."""

    def __init__(self, norm: nn.BatchNorm2d, convolution: GatedConvolution) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum, device="meta")
        self.register_parameter("weight", None)
        self.bias = norm.bias
        for name, value in norm.named_buffers():
            self.register_buffer(name, value)
        self._of = [convolution]  # in a list: its tensors are not this module's

    def forward(self, input: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        normed = functional.batch_norm(
            input, self.running_mean, self.running_var, training=self.training, momentum=self.momentum or 0.0,
            eps=self.eps,
        )  # fmt: skip
        factors = self._of[0].factors
        assert factors is not None
        return (normed + self.bias[:, None, None]) * factors[:, :, None, None].to(normed.dtype)


def gate(model: nn.Module, pairs: list[Pair]) -> list[GatedConvolution]:
    """Put gated layers in place of these pairs. φ is drawn from torch's generator."""
    gated = []
    for pair in pairs:
        convolution, norm = model.get_submodule(pair.convolution), model.get_submodule(pair.norm)
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        gated.append(GatedConvolution(convolution, pair.readers))
        model.set_submodule(pair.convolution, gated[-1])
        model.set_submodule(pair.norm, GatedNorm(norm, gated[-1]))
    return gated
