"""int8-dynamic: int8 weights, and activations that are quantised to int8 while the model runs.

As in TFLite's hybrid kernels, each image has its own range at the input of each convolution and linear layer, so a
prediction does not depend on the other images of a batch. In pt2e this is a dynamic specification with torchao's affine
placeholder observer and blocks of one image (`PerAxis(0)`). Weights are quantised as pt2e.py describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.derived import ByLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn
    from torchao.quantization.pt2e.quantizer import QuantizationSpec

    from lesion.compress.calibration import Calibration

KIND = "derived"
FLOAT_MEMBERS = False


class Options(ByLayer):
    """What it is made of, and the layers that stay float."""


def compressor(
    model: nn.Module,
    options: Options,
    calibration: Calibration,
) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """Return a function: state dict of a trained member -> tensors to store (keys in integer_layers.py).

    model: in eval mode. Of the images only the shape is used.
    """
    from lesion.compress import pt2e

    return pt2e.Compressor(model, input_specification(), calibration.images(1), options.keep, name="int8-dynamic")


def restorer(
    model: nn.Module,
    options: Options,  # noqa: ARG001
    example: Tensor,  # noqa: ARG001
) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    """Return a function: stored tensors -> `model` in eval mode, quantised, valid until the next call."""
    from lesion.compress import integer_layers

    return integer_layers.restorer(model, static=False)


def input_specification() -> QuantizationSpec:
    """How pt2e quantises a layer's input: int8, affine, with a scale and a zero point for each image of a batch."""
    import torch
    from torchao.quantization.pt2e import MappingType, PerAxis
    from torchao.quantization.pt2e._affine_quantization import AffineQuantizedPlaceholderObserver
    from torchao.quantization.pt2e.quantizer import QuantizationSpec

    from lesion.compress.grids import EPSILON, INPUT_MAX, INPUT_MIN

    observer = AffineQuantizedPlaceholderObserver.with_args(
        mapping_type=MappingType.ASYMMETRIC,
        target_dtype=torch.int8,
        granularity=PerAxis(0),
        eps=EPSILON,
        scale_dtype=torch.float32,
        zero_point_dtype=torch.int32,
    )
    return QuantizationSpec(torch.int8, observer, quant_min=INPUT_MIN, quant_max=INPUT_MAX, is_dynamic=True)
