"""Any network of timm (PyTorch Image Models) by name, with random weights; nothing is ever downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from typing import Any

    from torch import nn


class Options(Settings):
    """Name of the network, as `timm.list_models()` has it: without the tag of pretrained weights.

    The name is checked when the network is built: importing timm takes seconds, and every command validates
    params.yaml.
    """

    architecture: str


def build(options: Options, *, channels: int, side: int, classes: int) -> nn.Module:
    """A network from (n, channels, side, side) to logits (n, classes).

    Networks that are made for one size of image (timm's `fixed_input_size`) are made for `side`.

    Raises
    ------
    InputError
        Where there is no such network, or it does not take such images.
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
