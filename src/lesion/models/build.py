"""Networks from their description in params.yaml."""

from collections.abc import Mapping
from typing import Any

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
        Where a tensor is missing, unexpected or of another shape.
    """
    expected = module.state_dict()
    for name in sorted(expected.keys() ^ tensors.keys()):
        raise InputError(f"checkpoint: tensor {name} is {'missing' if name in expected else 'not of this model'}")
    for name, tensor in expected.items():
        if tensor.shape != tensors[name].shape:
            found, wanted = tuple(tensors[name].shape), tuple(tensor.shape)
            raise InputError(f"checkpoint: tensor {name} has shape {found}, the model expects {wanted}")
    module.load_state_dict(dict(tensors))
