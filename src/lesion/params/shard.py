"""Shards: the members that one job trains, named by their range."""

import re
from typing import Annotated

from pydantic import AfterValidator

from lesion.errors import InputError


def members(shard: str) -> range:
    """The members of a shard named by its range, both ends included: `"0-9"` is ten members."""
    match = re.fullmatch(r"(0|[1-9]\d*)-(0|[1-9]\d*)", shard)
    if match is None or int(match[1]) > int(match[2]):
        raise InputError(f"a shard is named by its first and last member, like 0-9; found {shard!r}")
    return range(int(match[1]), int(match[2]) + 1)


def _checked(shard: str) -> str:
    try:
        members(shard)
    except InputError as error:
        raise ValueError(str(error)) from None
    return shard


Shard = Annotated[str, AfterValidator(_checked)]
"""The name of a shard, as part of params.yaml."""
