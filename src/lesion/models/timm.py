"""Any network of timm (PyTorch Image Models) by name, with random weights. Nothing is downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.network import Network

if TYPE_CHECKING:
    from typing import Any

    from torch import nn

    from lesion.models.contract import OwnInput


class Options(Network):
    """Name of the network as in `timm.list_models()`, without the tag of pretrained weights.

    It is checked when the network is built, since importing timm takes seconds.
    """

    architecture: str


def build(options: Options, *, channels: int, side: int, classes: int) -> nn.Module:
    """A network from (n, channels, side, side) to logits (n, classes).

    Networks for a fixed image size (timm's `fixed_input_size`) are made for `side`.

    Raises
    ------
    InputError
        If there is no such network, or it does not take such images.
    """
    from functools import partial

    import timm
    from timm.models import get_pretrained_cfg_value

    from lesion.models.catalogue import check_name, fitting

    name = options.architecture
    check_name(name, timm.list_models(), library="timm")
    size: dict[str, Any] = {"img_size": side} if get_pretrained_cfg_value(name, "fixed_input_size") else {}
    make = partial(timm.create_model, name, pretrained=False, num_classes=classes, in_chans=channels, **size)
    return fitting(make, what=f"timm's {name}", channels=channels, side=side, classes=classes)


def own_input(options: Options, weights: str) -> OwnInput | None:
    """Mean, deviation, size and crop of timm's `pretrained_cfg`; `weights` is a tag (`in1k`), or `default`.

    Raises
    ------
    InputError
        If there is no such network or tag, or timm shows images that are not square or padded at their border.
    """
    import timm
    from timm.models import get_pretrained_cfg

    from lesion.data.dataset import Geometry
    from lesion.errors import InputError
    from lesion.models.catalogue import check_name
    from lesion.models.contract import OwnInput

    name = options.architecture
    check_name(name, timm.list_models(), library="timm")
    tags = [full.partition(".")[2] for full in timm.list_models(f"{name}.*", pretrained=True)]
    if weights != "default" and weights not in tags:
        raise InputError(f"model.input.weights: timm has no {weights} of {name}, but {', '.join(tags) or 'none'}")
    known = get_pretrained_cfg(name if weights == "default" else f"{name}.{weights}")
    if known is None or not known.has_weights:
        return None
    _, height, width = known.input_size
    crops = {"center": "centre", "squash": "squash"}
    if height != width or known.crop_mode not in crops:
        shown = f"{height} × {width} pixels, crop {known.crop_mode}"
        raise InputError(f"model.input: timm shows {name} {shown}; give mean, std, resize and side instead")
    return OwnInput(
        weights=f"timm's {name}.{known.tag}",
        mean=known.mean,
        std=known.std,
        geometry=Geometry(int(height / known.crop_pct), height, known.interpolation, crops[known.crop_mode]),
    )
