"""The images of a split as a network is shown them: `model.input` of params.yaml."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lesion import plugins
from lesion.data.dataset import Geometry
from lesion.data.images import FileImages, Images, as_images
from lesion.data.inputs import Inputs
from lesion.data.split import Normalise, Split, read_split
from lesion.errors import InputError
from lesion.models.contract import OwnInput, PublishedFamily
from lesion.params.network import Input


def read_inputs(model: dict[str, Any], examples: Path, images: Path, split: str) -> Split:
    """Read a split (`train` or `test`) from the two files of the `data` step, as `model.input` shows it.

    Without `input` the normalisation and the geometry are the data's own.

    Raises
    ------
    InputError
        If the network has no input of its own, packed images would have to be scaled, or there are more or fewer means
        than channels.
    """
    read = read_split(examples, images, split)
    given, own = _input(model)
    if given is None:
        return read
    return replace(read, images=_shown(read.images, given, own), normalise=_normalise(read, given, own))


def shown(model: dict[str, Any], images: Images) -> Images:
    """Images of another source than the study's, in the geometry of `model.input`."""
    given, own = _input(model)
    return images if given is None else _shown(images, given, own)


def own_input(model: dict[str, Any], weights: str = "default") -> OwnInput | None:
    """What belongs to the published weights of the network; None if it has none."""
    family, options = plugins.component("model", model, where="model")
    return family.own_input(options, weights) if isinstance(family, PublishedFamily) else None


def _input(model: dict[str, Any]) -> tuple[Input | None, OwnInput | None]:
    given: Input | None = plugins.options("model", model, where="model").input
    if given is None or given.weights is None:
        return given, None
    own = own_input(model, given.weights)
    if own is None:
        network = model.get("architecture", "such a network")
        raise InputError(f"model.input: {model['name']} has no weights of {network}, and so no input of its own")
    return given, own


def _shown(inputs: Inputs, given: Input, own: OwnInput | None) -> Images:
    images = as_images(inputs, "model.input")
    if isinstance(images, FileImages):
        return replace(images, geometry=_geometry(images.geometry, given, own))
    (side, _), wanted = images.shape, given.side or (own.side if own else None)
    if (wanted and wanted != side) or given.resize or given.interpolation:
        name = f"{own.weights} is shown" if own and not given.side else "there are"
        what = f"{name} {wanted} pixels" if wanted and wanted != side else "resize and interpolation are of image files"
        raise InputError(f"model.input: {what}; the images are packed, of {side} pixels, and take mean and std alone")
    return images


def _geometry(data: Geometry, given: Input, own: OwnInput | None) -> Geometry:
    """What is left out is as with the own weights, or as of the data; with a new side, the same share is cut out."""
    base = own.geometry if own else data
    side = given.side or base.side
    resize = given.resize or (base.resize * side // base.side)
    if side > resize:
        raise InputError(f"model.input: side of {side} pixels: at most resize ({resize}) is expected")
    return Geometry(resize, side, given.interpolation or base.interpolation, base.crop)


def _normalise(split: Split, given: Input, own: OwnInput | None) -> Normalise:
    assert isinstance(split.normalise, Normalise)  # of images
    stored, channels = split.normalise, split.channels

    def chosen(name: str, data: Tensor) -> Tensor:
        values = getattr(given, name) or (getattr(own, name) if own else None)
        if values is None:
            return data
        if len(values) != channels:
            raise InputError(f"model.input: {name} has {len(values)} values, the images have {channels} channels")
        return torch.tensor(values, dtype=torch.float32)

    reverse = given.channels == "bgr"
    return Normalise(chosen("mean", stored.mean), chosen("std", stored.std), reverse)
