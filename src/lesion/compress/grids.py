"""int8 grids for the inputs of layers."""

import torch
from torch import Tensor

INPUT_MIN, INPUT_MAX = -128, 127

EPSILON = torch.finfo(torch.float32).eps
"""Smallest scale, as in torch's observers; an image of zeros gets it."""


def on_grid(x: Tensor, scale: Tensor | float, zero_point: Tensor | float) -> Tensor:
    """Quantise `x` to int8 and dequantise it: float32, any shape; `scale` and `zero_point` broadcast against it.

    (clamp(round(x / scale) + zero_point, −128, 127) − zero_point) · scale (Jacob et al. 2018, eq. 1). The zero point is
    subtracted from the bounds instead, which is the same, since integers below 2²⁴ are exact in float32. Rounds halves
    to even and multiplies by the reciprocal, as torch does.
    """
    steps = (x * (1.0 / scale)).round_()
    return steps.clamp_min_(INPUT_MIN - zero_point).clamp_max_(INPUT_MAX - zero_point).mul_(scale)


class FixedGrid:
    """Static quantisation of a layer's input. Calibration found the scale and zero point of each member."""

    def __init__(self) -> None:
        self.scale = 1.0
        self.zero_point = 0

    def __call__(self, x: Tensor) -> Tensor:
        """Any shape, same shape back. In an exported program it is two operators that other runtimes have."""
        if torch.compiler.is_exporting():
            operators = torch.ops.quantized_decomposed
            known = (self.scale, self.zero_point, INPUT_MIN, INPUT_MAX, torch.int8)
            found: Tensor = operators.dequantize_per_tensor(operators.quantize_per_tensor(x, *known), *known)
            return found
        return on_grid(x, self.scale, self.zero_point)


def grid_of_each_image(x: Tensor) -> Tensor:
    """Dynamic quantisation of a layer's input (n, ...): each image has its scale and zero point.

    The range is that of the image, extended to include zero, as in TFLite's hybrid kernels (asymmetric quantisation of
    each batch row) and in torchao's `choose_qparams_affine` with blocks of one image.
    """
    dims = tuple(range(1, x.dim()))
    low = x.amin(dim=dims, keepdim=True).clamp_(max=0.0)
    high = x.amax(dim=dims, keepdim=True).clamp_(min=0.0)
    scale = ((high - low) / (INPUT_MAX - INPUT_MIN)).clamp_(min=EPSILON)
    zero_point = (INPUT_MIN - (low / scale).round_()).clamp_(INPUT_MIN, INPUT_MAX)
    return on_grid(x, scale, zero_point)
