"""Settings of the robustness step."""

from typing import Annotated

from pydantic import Field

from lesion.params.settings import Settings


class Robustness(Settings):
    """Which corruptions are tried, at which severities (1 to 5)."""

    corruptions: list[str] = Field(min_length=1)
    severities: list[Annotated[int, Field(ge=1, le=5)]] = Field(min_length=1)
