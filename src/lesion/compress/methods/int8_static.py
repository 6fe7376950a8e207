"""int8-static: int8 weights and activations, with scales that are fixed before the model runs.

The input of each convolution and linear layer has one scale and zero point, from its least and greatest value on
calibration images (Jacob et al. 2018). Weights are quantised as pt2e.py describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.derived import ByLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn
    from torchao.quantization.pt2e.quantizer import QuantizationSpec

    from lesion.compress.calibration import Calibration

KIND = "derived"
FLOAT_MEMBERS = False


class Options(ByLayer):
    """What it is made of, the layers that stay float, and how many images calibration sees."""

    calibration_images: int = Field(ge=1)


def compressor(
    model: nn.Module, options: Options, calibration: Calibration
) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """Return a function: state dict of a trained member -> tensors to store (keys in integer_layers.py).

    model: in eval mode. Raises InputError if there are fewer than `calibration_images` images.
    """
    from lesion.compress import pt2e

    return pt2e.Compressor(
        model, input_specification(), calibration.images(options.calibration_images), options.keep, name="int8-static"
    )


def restorer(
    model: nn.Module,
    options: Options,  # noqa: ARG001
    example: Tensor,  # noqa: ARG001
) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    """Return a function: stored tensors -> `model` in eval mode, quantised, valid until the next call."""
    from lesion.compress import integer_layers

    return integer_layers.restorer(model, static=True)


def input_specification() -> QuantizationSpec:
    """How pt2e quantises a layer's input: int8, affine, with one scale and zero point from least and greatest value."""
    import torch
    from torchao.quantization.pt2e import MinMaxObserver
    from torchao.quantization.pt2e.quantizer import QuantizationSpec

    from lesion.compress.grids import INPUT_MAX, INPUT_MIN

    return QuantizationSpec(
        torch.int8, MinMaxObserver, quant_min=INPUT_MIN, quant_max=INPUT_MAX, qscheme=torch.per_tensor_affine
    )
