"""What options of the command line take; apart, since the command line imports nothing slow."""

from typing import Literal

Runtime = Literal["auto", "onnxruntime", "openvino", "litert"]
Kind = Literal["auto", "logits", "probabilities"]
Layout = Literal["nchw", "nhwc"]
Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]
