"""Settings of the step that finds which layers are to blame."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from lesion import plugins
from lesion.errors import InputError
from lesion.params.derived import ByLayer
from lesion.params.settings import Settings


class Layers(Settings):
    """Variants whose layers are judged one by one, and the number of images.

    `variants` are made of another by a method that takes `keep`. `images` is the number of images by which layers are
    chosen, and also of those on which the choice is checked.
    """

    variants: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    images: int = Field(ge=1)


def check_layers(variant: str, compression: Mapping[str, Any], *, where: str) -> None:
    """Check that the layers of a variant can be judged one by one. `compression`: what params.yaml says of it.

    Raises
    ------
    InputError
        If its method takes no `keep`, or the variant is trained after compression, so that all layers change together.
    """
    method = compression["method"]
    if not issubclass(plugins.load("method", method).Options, ByLayer):
        raise InputError(f"{where}: {variant} is made by {method}, which leaves no layer alone (`keep`)")
    if compression.get("fine_tune") is not None:
        raise InputError(f"{where}: {variant} is fine-tuned after compression, which changes all layers together")
