"""Networks from their description in params.yaml."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lesion import plugins
from lesion.data.split import Split
from lesion.errors import InputError


def build(model: dict[str, Any], split: Split) -> nn.Module:
    """The network that `model` describes, for the images and classes of `split`; weights as torch's generator draws."""
    side, channels = split.images.shape
    options = plugins.options("model", model, where="model")
    module: nn.Module = plugins.load("model", model["name"]).build(
        options, channels=channels, side=side, classes=len(split.class_names)
    )
    return module


def load_weights(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Load stored weights into a network, all of them and nothing else.

    Raises
    ------
    InputError
        Names the first tensor that is missing, unexpected, of another shape, or of another kind of number: floats of
        any width are taken for floats, integers of any width for integers.
    """
    expected = module.state_dict()
    for name in sorted(expected.keys() ^ tensors.keys()):
        raise InputError(f"checkpoint: tensor {name} is {'missing' if name in expected else 'not of this model'}")
    for name, tensor in expected.items():
        if tensor.shape != tensors[name].shape:
            found, wanted = tuple(tensors[name].shape), tuple(tensor.shape)
            raise InputError(f"checkpoint: tensor {name} has shape {found}, the model expects {wanted}")
        if _kind(tensor.dtype) != _kind(tensors[name].dtype):
            held, needed = (str(dtype).removeprefix("torch.") for dtype in (tensors[name].dtype, tensor.dtype))
            raise InputError(f"checkpoint: tensor {name} is {held}, the model expects {needed}")
    module.load_state_dict(dict(tensors))


def _kind(dtype: torch.dtype) -> str:
    if dtype.is_complex:
        return "complex"
    if dtype.is_floating_point:
        return "float"
    return "bool" if dtype == torch.bool else "integer"
