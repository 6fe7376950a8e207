"""Networks from their description in params.yaml."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lesion import plugins
from lesion.data.inputs import IMAGES
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.models.contract import PreparedFamily


def build(model: dict[str, Any], split: Split) -> nn.Module:
    """The network that `model` describes, for the inputs and classes of `split`; weights as torch's generator draws.

    Raises
    ------
    InputError
        Where the family takes other inputs.
    """
    options = plugins.options("model", model, where="model")
    family = plugins.load("model", model["name"])
    if (takes := getattr(family, "TAKES", IMAGES)) != split.images.kind:
        raise InputError(f"model: {model['name']} takes {takes}, the examples are {split.images.kind}")
    module: nn.Module = family.build(options, **split.images.sizes, classes=len(split.class_names))
    return module


def initialise(model: dict[str, Any], split: Split) -> nn.Module:
    """The network as training starts with it: built, and prepared on images of `split`, evenly spaced over its rows."""

    def images(count: int) -> Tensor:
        rows = np.arange(0, len(split.label), max(1, len(split.label) // count))[:count]
        return split.normalise(torch.from_numpy(split.images.read(rows)))

    network = build(model, split)
    family, options = plugins.component("model", model, where="model")
    if isinstance(family, PreparedFamily):
        family.prepare(network, options, images)
    return network


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
    load_state(module, tensors)


def load_state(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """`load_state_dict` for tensors that were stored, without the versions of modules that torch keeps beside them.

    Some modules (torchvision's MNASNet) refuse tensors without a version. These are taken to be of the module's own.
    """
    state = OrderedDict(tensors)
    state._metadata = module.state_dict()._metadata  # type: ignore[attr-defined]
    module.load_state_dict(state)


def _kind(dtype: torch.dtype) -> str:
    if dtype.is_complex:
        return "complex"
    if dtype.is_floating_point:
        return "float"
    return "bool" if dtype == torch.bool else "integer"
