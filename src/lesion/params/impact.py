"""Settings of the class-level audit."""

from pydantic import Field

from lesion.params.normalise import Normalise
from lesion.params.settings import Settings


class Impact(Settings):
    """How a change of recall is tested."""

    alpha: float = Field(gt=0, lt=1)
    normalise: Normalise
