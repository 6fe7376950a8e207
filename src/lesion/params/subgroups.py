"""Settings of the audit of subgroups."""

from pydantic import Field

from lesion.params.settings import Settings


class Subgroups(Settings):
    """`smallest`: a group with fewer examples than this is called small."""

    smallest: int = Field(ge=1)
