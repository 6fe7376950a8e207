"""Any classification network of torchvision by name, with random weights: resnet50, vit_b_16, efficientnet_b0, ..."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.network import Network

if TYPE_CHECKING:
    from typing import Any

    from torch import nn

    from lesion.models.contract import OwnInput


class Options(Network):
    """Name of the network as in `torchvision.models.list_models(module=torchvision.models)`.

    It is checked when the network is built, since importing torchvision takes seconds.
    """

    architecture: str


def build(options: Options, *, channels: int, side: int, classes: int) -> nn.Module:
    """A network from (n, 3, side, side) to logits (n, classes).

    Raises
    ------
    InputError
        If there is no such network, if images do not have three channels, or if the network does not take their size.
    """
    from functools import partial

    from torchvision import models

    from lesion.errors import InputError
    from lesion.models.catalogue import check_name, fitting

    name = options.architecture
    check_name(name, models.list_models(module=models), library="torchvision")
    if channels != 3:
        raise InputError(f"model: networks of torchvision take images of 3 channels, the data have {channels}")
    make = partial(models.get_model, name, weights=None, num_classes=classes, **special_arguments(name, side))
    return fitting(make, what=f"torchvision's {name}", channels=channels, side=side, classes=classes)


def special_arguments(name: str, side: int) -> dict[str, Any]:
    """Arguments of single families: the image size, and no auxiliary heads, which would be extra outputs."""
    if name in {"googlenet", "inception_v3"}:
        return {"aux_logits": False, "init_weights": True}
    if name.startswith("vit_"):
        return {"image_size": side}
    return {"input_size": (side, side)} if name.startswith("maxvit") else {}


def own_input(options: Options, weights: str) -> OwnInput | None:
    """What the transforms of torchvision's weights do; `weights` is their name (`IMAGENET1K_V1`), or `default`.

    Raises
    ------
    InputError
        If there is no such network or no such weights.
    """
    from torchvision import models

    from lesion.data.dataset import Geometry
    from lesion.errors import InputError
    from lesion.models.catalogue import check_name
    from lesion.models.contract import OwnInput

    name = options.architecture
    check_name(name, models.list_models(module=models), library="torchvision")
    known = {one.name: one for one in models.get_model_weights(name)}
    if not known:
        return None
    if weights == "default":
        weights = models.get_model_weights(name).DEFAULT.name
    if weights not in known:
        raise InputError(f"model.input.weights: torchvision has no {weights} of {name}, but {', '.join(known)}")
    shown = known[weights].transforms()
    return OwnInput(
        weights=f"torchvision's {name}, {weights}",
        mean=tuple(shown.mean),
        std=tuple(shown.std),
        geometry=Geometry(shown.resize_size[0], shown.crop_size[0], shown.interpolation.value),
    )
