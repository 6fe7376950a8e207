"""float16: weights stored as half-precision floats.

As in TFLite's float16 quantisation, only storage is float16. Arithmetic is float32, on weights and batch-norm
statistics rounded to the nearest float16. Integer buffers are unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.plain import restorer as restorer
from lesion.errors import InputError
from lesion.params.derived import ByLayer, kept_layers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn

    from lesion.compress.calibration import Calibration

KIND = "derived"
FLOAT_MEMBERS = True


class Options(ByLayer):
    """What it is made of, and the layers whose tensors stay float32."""


def compressor(
    model: nn.Module,
    options: Options,
    calibration: Calibration,  # noqa: ARG001
) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """Return a function: state dict of a trained member -> the same with floating-point tensors as float16.

    Raises InputError if a pattern of `keep` matches no layer; the function raises it if a finite value is too large for
    float16 (above 65,504).
    """
    import torch

    from lesion.compress.masks import prunable

    layers = [name.rpartition(".")[0] for name, _, _ in prunable(model)]
    kept = tuple(f"{layer}." for layer in kept_layers(options.keep, layers))

    def half(name: str, tensor: Tensor) -> Tensor:
        rounded = tensor.detach().half()
        if not torch.equal(rounded.isfinite(), tensor.isfinite()):
            raise InputError(f"float16: {name}: {float(tensor.abs().max())} is too large, the largest float16 is 65504")
        return rounded.cpu().contiguous()

    def compress(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {
            name: tensor.detach().cpu().contiguous()
            if name.startswith(kept) or not tensor.is_floating_point()
            else half(name, tensor)
            for name, tensor in sorted(state.items())
        }

    return compress
