"""Any network of timm (PyTorch Image Models) by name, with random weights. Nothing is downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from typing import Any

    from torch import nn


class Options(Settings):
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
