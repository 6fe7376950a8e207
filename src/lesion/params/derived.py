"""Settings of variants that are made of another."""

from pydantic import Field

from lesion.params.settings import Settings


class Derived(Settings):
    """`of`: the id of the variant whose members are compressed, `dense` or any other with float weights."""

    of: str = Field(min_length=1)
