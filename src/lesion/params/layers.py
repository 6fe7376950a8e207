"""Settings of the step that finds which layers are to blame."""

from typing import Annotated

from pydantic import Field

from lesion.params.settings import Settings


class Layers(Settings):
    """Variants whose layers are judged one by one, and the number of images.

    `variants` are made of another by a method that takes `keep`. `images` is the number of images by which layers are
    chosen, and also of those on which the choice is checked.
    """

    variants: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    images: int = Field(ge=1)
